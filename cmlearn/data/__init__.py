"""The bundled data sets: real, small, licence-clean, each with fixed splits and a card.

Every name is loaded on first use, so that the cards are readable without NumPy or PyTorch.
"""

from typing import TYPE_CHECKING

from cmlearn._lazy import lazy

if TYPE_CHECKING:
    from cmlearn.data.cards import CARDS as CARDS
    from cmlearn.data.cards import Card as Card
    from cmlearn.data.cards import card as card
    from cmlearn.data.clips_set import Clips as Clips
    from cmlearn.data.clips_set import clips as clips
    from cmlearn.data.emoji_set import Emoji as Emoji
    from cmlearn.data.emoji_set import emoji as emoji
    from cmlearn.data.errors import DataFileError as DataFileError
    from cmlearn.data.fingerspelling_set import Fingerspelling as Fingerspelling
    from cmlearn.data.fingerspelling_set import fingerspelling as fingerspelling
    from cmlearn.data.glosses_set import Glosses as Glosses
    from cmlearn.data.glosses_set import glosses as glosses
    from cmlearn.data.splits import Split as Split
    from cmlearn.data.ucf101_set import UCF101 as UCF101
    from cmlearn.data.watch_set import Watch as Watch
    from cmlearn.data.watch_set import watch as watch
    from cmlearn.data.word_lists import Analogies as Analogies
    from cmlearn.data.word_lists import WordPairs as WordPairs
    from cmlearn.data.word_lists import analogies as analogies
    from cmlearn.data.word_lists import simlex999 as simlex999
    from cmlearn.data.word_lists import wordsim353 as wordsim353

_NAMES = {
    "DataFileError": "errors",
    "CARDS": "cards",
    "Card": "cards",
    "card": "cards",
    "Clips": "clips_set",
    "clips": "clips_set",
    "Emoji": "emoji_set",
    "emoji": "emoji_set",
    "Fingerspelling": "fingerspelling_set",
    "fingerspelling": "fingerspelling_set",
    "Glosses": "glosses_set",
    "glosses": "glosses_set",
    "Split": "splits",
    "UCF101": "ucf101_set",
    "Watch": "watch_set",
    "watch": "watch_set",
    "Analogies": "word_lists",
    "WordPairs": "word_lists",
    "analogies": "word_lists",
    "simlex999": "word_lists",
    "wordsim353": "word_lists",
}

__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy(__name__, _NAMES)
