try:
    import cmlearn as cm
except ModuleNotFoundError:  # on Colab, or in a fresh environment
    %pip install -q "cmlearn[lessons] @ git+https://github.com/cmlearn/cmlearn"
    import cmlearn as cm

cm.seed_everything()
device = cm.device()
