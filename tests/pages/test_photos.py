"""Pictures of any size as a visitor uses them, with patch VAEs that nobody trained."""

import io
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from app import cache
from core.defenses import PatchVaePurifier
from core.models.vae import Vae
from core.types import Purifier
from tests.fakes import manifest_row
from tests.pages.tiny_lab import tiny_purifier, use_tiny_lab
from tests.server import ROOT

Open = Callable[..., AppTest]


def patch_purifier(dataset: str, name: str) -> Purifier:
    """The tiny lab's defenses, and patch VAEs of 16x16 pixels."""
    if not name.startswith("patch_vae"):
        return tiny_purifier(name)
    shape = (3 if dataset == "cifar10" else 1, 16, 16)
    model = Vae(image_shape=shape, latent_size=4, widths=(2, 4), hidden=4)
    return PatchVaePurifier(model.eval().requires_grad_(False))


def finished(page: AppTest) -> AppTest:
    """The page once nothing is computed any more."""
    for _ in range(200):
        assert not page.exception
        if not page.get("progress"):
            return page
        time.sleep(0.1)
        page.run()
    raise AssertionError("the runs did not end")


@pytest.fixture
def open_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    use_tiny_lab(tmp_path, monkeypatch)
    monkeypatch.setattr(cache, "purifier", patch_purifier)
    manifest = tmp_path / "manifest.json"
    rows = json.loads(manifest.read_text())["checkpoints"]
    for dataset in ("cifar10", "mnist"):
        rows.append(manifest_row("patch_vae", "vae", dataset.encode()) | {"dataset": dataset})
    manifest.write_text(json.dumps({"checkpoints": rows}))

    def open_page(**params: str) -> AppTest:
        page = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60).run()
        page.switch_page("../pages/defenses.py")
        for name, value in ({"photo_overlap": "0"} | params).items():
            page.query_params[name] = value
        return finished(page.run())

    torch.manual_seed(0)
    yield open_page
    st.cache_resource.clear()


def figures(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def captions(page: AppTest) -> str:
    return " ".join(caption.value for caption in page.caption)


def upload(page: AppTest, image: Image.Image | bytes, name: str = "own.png") -> AppTest:
    """Choose Upload and a file."""
    page.segmented_control(key="defenses_w_photo").set_value("own").run()
    content = image
    if isinstance(content, Image.Image):
        written = io.BytesIO()
        content.save(written, "PNG")
        content = written.getvalue()
    return finished(page.file_uploader(key="defenses_photo_upload").upload(name, content).run())


def test_it_opens_with_a_photo_its_licence_and_its_numbers(open_page: Open) -> None:
    page = open_page()
    shown = figures(page)
    assert (shown["Picture"], shown["Patches"]) == ("640 x 427", "1,080")
    assert shown["PSNR before"] == "26.3 dB"
    assert "CC BY 2.0" in captions(page)
    assert "no classifier for these photos" in captions(page)
    assert len(page.get("image")) == 3


def test_another_defense_changes_the_numbers_and_the_address(open_page: Open) -> None:
    page = open_page(photo="flower")
    before = figures(page)
    page.selectbox(key="defenses_w_photo_defense").set_value("jpeg").run()
    page.slider(key="defenses_w_photo_quality").set_value(20).run()
    page = finished(page)
    assert figures(page)["PSNR before"] == before["PSNR before"]
    assert figures(page)["PSNR after"] != before["PSNR after"]
    assert figures(page)["Patches"] == "none"
    assert page.selectbox(key="defenses_photo_untrained").disabled
    params = {name: "".join(value) for name, value in page.query_params.items()}
    assert params["photo_defense"] == "jpeg"
    assert (params["photo_quality"], params["photo"]) == ("20", "flower")


def test_odd_values_of_the_address_are_said(open_page: Open) -> None:
    page = open_page(photo="mona_lisa", photo_noise="9", photo_overlap="33")
    (warning,) = page.warning
    for part in ("photo=mona_lisa", "photo_noise=9", "photo_overlap=33"):
        assert part in warning.value
    assert page.slider(key="defenses_w_photo_noise").value == 0.2


def test_a_colour_photo_is_turned_grey_for_a_grey_network(open_page: Open) -> None:
    page = open_page(photo_data="mnist")
    assert "turned to grey first" in captions(page)
    assert figures(page)["Patches"] == "1,080"


def test_an_upload_is_shown_and_stays_out_of_the_link(open_page: Open) -> None:
    page = open_page()
    page.segmented_control(key="defenses_w_photo").set_value("own").run()
    assert any("a link does not carry one" in info.value for info in page.info)
    page = upload(page, Image.effect_noise((40, 33), 60))
    assert (figures(page)["Picture"], figures(page)["Patches"]) == ("40 x 33", "9")
    assert "grey is copied into all three channels" in captions(page)
    assert "link does not carry it" in captions(page)
    assert "".join(page.query_params["photo"]) == "own"


def test_a_large_upload_is_scaled_down(open_page: Open) -> None:
    page = upload(open_page(photo_defense="bit_depth"), Image.new("RGB", (2400, 1600), "teal"))
    assert "It had 3.8 million pixels and is scaled down to 1224 x 816" in captions(page)
    assert figures(page)["Picture"] == "1224 x 816"


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        (b"this is no picture", "no PNG, JPEG or WebP picture"),
        (b"", "The file is empty"),
        (Image.new("L", (6000, 5000)), "above the 25 million allowed"),
    ],
)
def test_what_is_no_picture_is_said_and_the_temple_shown(
    open_page: Open, image: Image.Image | bytes, sentence: str
) -> None:
    page = upload(open_page(), image)
    (error,) = page.error
    assert sentence in error.value
    assert "The temple is shown instead." in error.value
    assert figures(page)["Picture"] == "640 x 427"


def test_a_picture_smaller_than_a_patch_is_refused_with_a_way_out(open_page: Open) -> None:
    page = upload(open_page(), Image.effect_noise((15, 30), 60))
    (error,) = page.error
    assert "The picture has 15 x 30 pixels, but one patch has 16 x 16" in error.value
    assert not page.metric
    page.selectbox(key="defenses_w_photo_defense").set_value("jpeg").run()
    page = finished(page)
    assert not page.error
    assert figures(page)["Picture"] == "15 x 30"
