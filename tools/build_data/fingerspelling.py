"""Builds `fingerspelling`: hand motion of signers spelling A to Z, with the letters' SignWriting."""

import csv
import io
import json
from pathlib import Path

import numpy as np
from PIL import Image
from pose_format import Pose
from signwriting.visualizer.visualize import signwriting_to_image
from tqdm import tqdm

from tools.build_data.common import number, write_arrays, write_licence
from tools.build_data.sources import Source

POSES = Source(
    "pip",
    "spoken-to-signed",
    "0.4.0",
    "10570745f622476c0f890a9715e5376b650fb85bb0d0cef4b7cb031892055367",
)
PICTURES = Source(
    "pip",
    "signwriting",
    "0.1.19",
    "b84497b01b6b08f86eada59b8f36167dd0a0308639641178728001b4c80fcbf6",
)
LEXICON = "spoken_to_signed/assets/fingerspelling_lexicon"
ALPHABETS = "signwriting/fingerspelling/data"
COPY = "fsl"  # listed as a language of its own, but its clips are those of `ase`
LANGUAGES = {
    "ase": "American",
    "asq": "Austrian",
    "bzs": "Brazilian",
    "cse": "Czech",
    "csq": "Croatian",
    "eso": "Estonian",
    "gsg": "German",
    "ise": "Italian",
    "lls": "Lithuanian",
    "mfs": "Mexican",
    "psr": "Portuguese",
    "sgg": "Swiss-German",
    "ssp": "Spanish",
    "svk": "Slovak",
    "swl": "Swedish",
    "tsm": "Turkish",
}
LETTERS = [chr(code) for code in range(ord("A"), ord("Z") + 1)]
BODY = {11: "left shoulder", 12: "right shoulder", 13: "left elbow", 14: "right elbow"} | {
    15: "left wrist",
    16: "right wrist",
}
HAND = ["wrist"] + [f"{f} {i}" for f in ("thumb", "index", "middle", "ring", "little") for i in range(1, 5)]
LEFT, RIGHT = range(511, 532), range(532, 553)
POINTS = [*LEFT, *RIGHT, *BODY]
STEPS = 1000  # coordinates are kept to a thousandth of the shoulder width
SIDE = 56


def build(out: Path) -> None:
    """Write the poses with their labels and pictures, and the licences."""
    clips = [read_clip(row) for row in tqdm(rows(), desc="fingerspelling")]
    poses = np.concatenate([pose for pose, _, _ in clips])
    confidence = np.concatenate([certain for _, certain, _ in clips])
    language, languages = number([row["signed_language"] for row in rows()])
    picture, pictures = signwriting()
    write_arrays(
        out / "fingerspelling.npz.xz",
        pose_steps=np.diff(poses.transpose(1, 2, 0), axis=-1, prepend=np.int16(0)),
        confidence=confidence.T,
        length=np.array([len(pose) for pose, _, _ in clips]),
        rate_hz=np.array([rate for _, _, rate in clips]),
        letter=np.array([LETTERS.index(row["words"]) for row in rows()]),
        letters=np.array(LETTERS),
        language=np.array(language),
        languages=np.array(languages),
        language_names=np.array([LANGUAGES[code] for code in languages]),
        points=np.array(
            [f"left {name}" for name in HAND] + [f"right {name}" for name in HAND] + list(BODY.values())
        ),
        picture=picture,
        pictures=pictures,
    )
    write_licences(out)


def rows() -> list[dict[str, str]]:
    """Return the lexicon's entries for single Latin letters, by language and letter."""
    index = csv.DictReader(io.StringIO(POSES.read(f"{LEXICON}/index.csv").decode()))
    kept = [row for row in index if row["words"] in LETTERS and row["signed_language"] != COPY]
    return sorted(kept, key=lambda row: (row["signed_language"], row["words"]))


def read_clip(row: dict[str, str]) -> tuple[np.ndarray, np.ndarray, float]:
    """Return a clip's points in thousandths of the shoulder width, their confidences in 1/255, and its rate.

    The origin is the middle of the shoulders, averaged over the clip. A point that was not seen is zero.
    """
    pose = Pose.read(POSES.read(f"{LEXICON}/{row['path']}"))
    points, confidence = np.ma.getdata(pose.body.data)[:, 0], np.asarray(pose.body.confidence)[:, 0]
    shoulders = points[:, [11, 12]].astype(np.float64)
    origin = shoulders.mean(axis=(0, 1))
    width = np.median(np.linalg.norm(shoulders[:, 0, :2] - shoulders[:, 1, :2], axis=1))
    scaled = np.round((points[:, POINTS] - origin) / width * STEPS)
    certain = np.round(np.clip(confidence[:, POINTS], 0, 1) * 255)
    scaled[certain == 0] = 0
    return scaled.astype(np.int16), certain.astype(np.uint8), float(pose.body.fps)


def signwriting() -> tuple[np.ndarray, np.ndarray]:
    """Return every clip's position among the distinct SignWriting pictures, -1 where there is none."""
    position: dict[bytes, int] = {}
    picture = [position.setdefault(p.tobytes(), len(position)) if p is not None else -1 for p in drawn()]
    pictures = np.stack([np.frombuffer(p, np.uint8).reshape(SIDE, SIDE) for p in position])
    return np.array(picture), pictures


def drawn() -> list[np.ndarray | None]:
    """Return the SignWriting picture of every clip's letter; a letter with variants takes the first."""
    available = {Path(name).stem for name in PICTURES.members() if name.startswith(ALPHABETS)}
    alphabets = {
        code: json.loads(PICTURES.read(f"{ALPHABETS}/{code}.json")) for code in LANGUAGES if code in available
    }
    signs = [alphabets.get(row["signed_language"], {}).get(row["words"].lower()) for row in rows()]
    return [draw(variants[0]) if variants else None for variants in signs]


def draw(sign: str) -> np.ndarray:
    """Draw a sign in black on white, in the middle of a square."""
    drawing = signwriting_to_image(sign, trust_box=False)
    canvas = Image.new("RGBA", (SIDE, SIDE), "white")
    canvas.alpha_composite(drawing, ((SIDE - drawing.width) // 2, (SIDE - drawing.height) // 2))
    return np.asarray(canvas.convert("L"))


def write_licences(out: Path) -> None:
    """Write the two packages' licences."""
    about = (
        f"Fingerspelling lexicon, by ZurichNLP\nFrom PyPI {POSES.name} {POSES.version}. The package does not "
        "state which video corpus its poses were estimated from.\nChanged: hands and arms, scaled to the "
        "shoulder width and rounded.\nFile: fingerspelling.npz.xz (poses)\nLicence: MIT"
    )
    text = POSES.read("spoken_to_signed-0.4.0.dist-info/licenses/LICENSE").decode()
    write_licence(out, "fingerspelling-poses", about, text)
    about = (
        f"SignWriting alphabets and drawing code, by Sign Language Processing\nFrom PyPI {PICTURES.name} "
        f"{PICTURES.version}. SignWriting is the work of Valerie Sutton; the fonts that it is drawn with, of "
        "Steve Slevinski.\nChanged: drawn at 56 x 56 pixels.\nFile: fingerspelling.npz.xz (pictures)\n"
        "Licence: MIT"
    )
    text = PICTURES.read("signwriting-0.1.19.dist-info/licenses/LICENSE").decode()
    write_licence(out, "fingerspelling-signwriting", about, text)
