"""Which picture of any size is shown: a sample or an upload, with what is to be said of it."""

import streamlit as st

from app.controls import seed
from app.defenses.photo_settings import FIRST_PHOTO, OWN, PAGE, PhotoSettings, channels_of
from app.runs.words import sentence
from app.state import widget_key
from core.analysis.photo_files import SAMPLES, Photo, read_photo, sample_photo
from core.types import LabError

UPLOADED = f"{PAGE}_photo_own"
"""Session key of the uploaded picture: the file's name in the session, and the picture."""

KINDS = ["png", "jpg", "jpeg", "webp"]


def picture_menu(picture: str) -> tuple[str, Photo | None]:
    """Which picture, and the visitor's own where that is chosen and there is one."""
    titles = {name: sample.title for name, sample in SAMPLES.items()} | {OWN: "Upload"}
    key = widget_key(PAGE, "photo")
    seed(key, picture)
    chosen = st.segmented_control(
        "Picture",
        list(titles),
        format_func=titles.__getitem__,
        key=key,
        required=True,
        help="Two photos that come with scikit-learn, or one of your own.",
    )
    own = _uploaded() if chosen == OWN else None
    if own is not None:
        st.caption("Your picture stays in this browser session; the page's link does not carry it.")
    return str(chosen), own


def pick_photo(photo: PhotoSettings, own: Photo | None) -> tuple[Photo, str]:
    """The picture to show with the line below it, and on the page what is done to it before.

    Args:
        photo: The settings.
        own: The visitor's picture; None shows the chosen sample, or the first one.
    """
    name = photo.picture if photo.picture in SAMPLES else FIRST_PHOTO.picture
    source = sample_photo(name) if own is None else own
    if source.reduced:
        width, height = source.size
        st.caption(
            f"It had {source.full / 1e6:.1f} million pixels and is scaled down to "
            f"{width} x {height}, about one million."
        )
    wanted = channels_of(photo)
    if wanted == 1 and source.channels == 3:
        st.caption(
            "This network knows grey pictures only, so the photo is turned to grey first, and "
            "the grey photo is what the result is compared with. Choose CIFAR-10 for colour."
        )
    if wanted == 3 and source.channels == 1:
        st.caption(
            "The picture is grey and this network knows colour, so its grey is copied into all "
            "three channels."
        )
    return source, "Your picture, with noise." if own is not None else _credit(name)


def _credit(name: str) -> str:
    sample = SAMPLES[name]
    return f"Photo `{sample.file}` {sample.credit}. Shown here with noise added."


def _uploaded() -> Photo | None:
    """The visitor's own picture; None, with the reason on the page, while there is none."""
    file = st.file_uploader(
        "PNG, JPEG or WebP, up to 5 MB",
        type=KINDS,
        key=f"{PAGE}_photo_upload",
        help="Any size from one patch upwards. Above a million pixels it is scaled down.",
    )
    kept: tuple[str, Photo] | None = st.session_state.get(UPLOADED)
    title = SAMPLES[FIRST_PHOTO.picture].title.lower()
    if file is None:
        if kept is None:
            st.info(
                "No picture has been uploaded in this session, and a link does not carry one. "
                f"Until there is one, the {title} is shown.",
                icon=":material/image_not_supported:",
            )
        return kept[1] if kept else None
    if kept is not None and kept[0] == file.file_id:
        return kept[1]
    try:
        photo = read_photo(file.getvalue())
    except LabError as error:
        st.error(f"{sentence(error)} The {title} is shown instead.", icon=":material/error:")
        return None
    st.session_state[UPLOADED] = (file.file_id, photo)
    return photo
