"""``PAGES``: the pages of the dashboard, each with what the navigation and the overview say of it.

A page is added here, as a row, and as a file of its name in ``pages``.
"""

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "pages"


@dataclass(frozen=True)
class PageRow:
    """One page.

    Attributes:
        name: Its address, and its file in ``pages``.
        title: As the navigation has it.
        icon: A Material symbol, as Streamlit writes it.
        summary: What is seen there, in a sentence.
    """

    name: str
    title: str
    icon: str
    summary: str

    @property
    def path(self) -> Path:
        """The file."""
        return FOLDER / f"{self.name}.py"


PAGES = (
    PageRow(
        "overview",
        "Overview",
        ":material/home:",
        "A digit fooled and brought back, and how well the defenses hold.",
    ),
    PageRow(
        "attack_lab",
        "Attack lab",
        ":material/science:",
        "Pick or draw a picture, attack it live, and watch the purifier bring it back.",
    ),
    PageRow(
        "defenses",
        "Defenses",
        ":material/cleaning_services:",
        "One attacked picture through every defense, and whom each saved or harmed.",
    ),
    PageRow(
        "latent_map",
        "Latent map",
        ":material/scatter_plot:",
        "Where pictures lie in latent space, where an attack moves them, and the walls between.",
    ),
    PageRow(
        "bit_flips",
        "Bit flips",
        ":material/bar_chart:",
        "How many bits of the code an attack flips, and what a single bit does.",
    ),
    PageRow(
        "quantizer",
        "Quantizer",
        ":material/grid_on:",
        "Whether a quantizer does what its author thinks, and how coarse a code should be.",
    ),
    PageRow(
        "hierarchy",
        "Hierarchy",
        ":material/layers:",
        "Keep what is coarse in a picture and draw the fine anew: what stays of an attack?",
    ),
    PageRow(
        "robustness",
        "Robustness",
        ":material/shield:",
        "The papers' tables beside ours, what is left when the attacker knows the defense, and "
        "a panel to break it yourself.",
    ),
    PageRow(
        "selective",
        "Selective",
        ":material/rule:",
        "A classifier that may say it does not know, and an attacker who knows its limits.",
    ),
    PageRow(
        "data",
        "Data and models",
        ":material/database:",
        "What is here, where it comes from, how it was trained, and how to bring your own.",
    ),
)


def page_named(name: str) -> PageRow:
    """The page of a name.

    Raises:
        KeyError: There is none.
    """
    return {row.name: row for row in PAGES}[name]
