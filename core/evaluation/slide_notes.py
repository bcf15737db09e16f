"""Footnotes to the slides' tables: oddities, and what is not printed."""

from core.evaluation.printed import Footnote

SIZES = Footnote(
    text="The slides print no epsilon and no size of any attack, and no number of images. The "
    "authors' code has FGSM at 0.3 on pixels in [−1, 1], which is 0.15 on [0, 1]; their figures "
    "without defense rather resemble FGSM at 0.3 on [0, 1].",
    inferred=True,
)
OBLIVIOUS = Footnote(
    text="The slides say white box, and mean an attacker who sees the classifier but not the "
    "defense. Here that is called oblivious.",
)
NO_CLEAN = Footnote(
    text="The slides' “No attack” is the bare classifier: they do not say what a defense costs on "
    "clean images.",
)
PASTED = Footnote(
    text="DeepFool and CW on classifier C repeat 10.92, 78.56 and 38.45 in three columns: likely a "
    "paste error.",
    inferred=True,
    cells=tuple(
        (attack, "c", column)
        for attack in ("deepfool", "cw")
        for column in ("none", "defense_gan", "adv_tr")
    ),
)
DEMO = Footnote(
    text="A demonstration slide shows MNIST under FGSM at 6 %, and 94 % after the filter, on a set "
    "of which all clean images are right: other figures than those of this table.",
)
CAPTION = Footnote(
    text="The example slide of Fashion-MNIST under FGSM is said to carry a caption that names CW.",
    inferred=True,
)
MADRY_AVERAGE = Footnote(
    text="Madry's printed average is 59.15; its rows give 59.16.",
    cells=(("average", None, "madry"),),
)
ONE_STEP = Footnote(
    text="The authors' script takes one gradient step of 0.3 on pixels in [−1, 1], does not clip, "
    "and rescales each image to its range, which shrinks the change to about 0.115 on [0, 1] for a "
    "digit. It is no upper bound on what an attacker can do.",
    inferred=True,
)
NO_CLASSIFIER = Footnote(
    text="The slide has one figure a data set and names no classifier; it stands beside all three.",
)
STRONGER_THAN_OBLIVIOUS = Footnote(
    text="With 82.12 the attack that knows the defense does worse than the one that does not "
    "(74.01 on average): a sign that it is too weak.",
    inferred=True,
)
