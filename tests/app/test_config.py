"""The one configuration file: found from any folder, safe, and in the theme's colours."""

import http.client
import re
import socket
import tomllib
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit import config
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from app.theme import CATEGORICAL, ROLES
from tests.server import ROOT, Server, running_server

PATH = ROOT / "app" / ".streamlit" / "config.toml"


@pytest.fixture(scope="module")
def settings() -> dict[str, Any]:
    return tomllib.loads(PATH.read_text())


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server(Path("/")) as running:
        yield running


def test_it_is_the_only_one() -> None:
    found = [path for path in ROOT.glob("**/config.toml") if ".venv" not in path.parts]
    assert found == [PATH]


def test_every_key_is_one_of_streamlit(settings: dict[str, Any]) -> None:
    known = set(config.get_config_options())
    assert {key for key in _keys(settings) if key not in known} == set()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("enableXsrfProtection", True),
        ("enableCORS", True),
        ("address", "127.0.0.1"),
        ("allowedHosts", ["localhost", "127.0.0.1"]),
        ("maxUploadSize", 5),
    ],
)
def test_the_server_is_guarded(settings: dict[str, Any], key: str, value: object) -> None:
    assert settings["server"][key] == value


def test_errors_and_habits_stay_private(settings: dict[str, Any]) -> None:
    assert settings["client"]["showErrorDetails"] == "type"
    assert settings["browser"]["gatherUsageStats"] is False
    assert "enableAgentApi" not in settings["server"]


def test_the_colours_are_those_of_the_theme(settings: dict[str, Any]) -> None:
    theme = settings["theme"]
    assert tuple(theme["chartCategoricalColors"]) == CATEGORICAL
    places = {
        "blueColor": "clean",
        "orangeColor": "adversarial",
        "greenColor": "purified",
        "violetColor": "code",
        "grayColor": "noise",
    }
    for scheme in ("light", "dark"):
        colors = {place: theme[scheme][place] for place in places}
        assert colors == {place: ROLES[role].color for place, role in places.items()}  # type: ignore[index]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_on_its_background(settings: dict[str, Any], scheme: str) -> None:
    theme = settings["theme"][scheme]
    for background in ("backgroundColor", "secondaryBackgroundColor"):
        assert contrast(theme["textColor"], theme[background]) >= 7
        assert contrast(theme["linkColor"], theme[background]) >= 4.5
    assert contrast(theme["primaryColor"], "#FFFFFF") >= 3


def test_a_server_started_from_elsewhere_takes_five_megabytes(server: Server) -> None:
    token = xsrf_token(server)
    with connected(server) as connection:
        target = f"/_stcore/upload_file/{session_of(connection)}/file"
        assert upload(server, target, 5 * 1024**2 + 1, token) == 413
        assert upload(server, target, 4 * 1024**2, token) != 413


def test_an_upload_without_the_token_is_refused(server: Server) -> None:
    assert upload(server, "/_stcore/upload_file/session/file", 10, None) == 403


def test_another_host_name_is_refused(server: Server) -> None:
    with pytest.raises(InvalidStatus, match="403"), connected(server, host="evil.example"):
        pass


def contrast(one: str, other: str) -> float:
    """WCAG contrast of two colours."""

    def luminance(color: str) -> float:
        channels = [value / 255 for value in bytes.fromhex(color.removeprefix("#"))]
        red, green, blue = (
            value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4
            for value in channels
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def xsrf_token(server: Server) -> str:
    with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=10) as answer:
        cookies = answer.headers.get("Set-Cookie", "")
    found = re.search(r"_streamlit_xsrf=([^;]+)", cookies)
    assert found, f"no XSRF cookie in {cookies!r}"
    return found[1].strip('"')


def connected(server: Server, host: str = "127.0.0.1") -> ClientConnection:
    """A browser's WebSocket that names this host."""
    port = int(server.url.rpartition(":")[2])
    return connect(
        f"ws://{host}:{port}/_stcore/stream",
        sock=socket.create_connection(("127.0.0.1", port)),
        subprotocols=[Subprotocol("streamlit")],
        max_size=None,
    )


def session_of(connection: ClientConnection) -> str:
    connection.send(BackMsg(rerun_script=ClientState()).SerializeToString())
    while True:
        message = ForwardMsg()
        content = connection.recv(timeout=30)
        assert isinstance(content, bytes)
        message.ParseFromString(content)
        if message.WhichOneof("type") == "new_session":
            return str(message.new_session.initialize.session_id)


def upload(server: Server, target: str, size: int, token: str | None) -> int:
    """The answer to a file that is announced with this size; a large one is never sent."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=20)
    connection.putrequest("PUT", target)
    connection.putheader("Content-Length", str(size))
    connection.putheader("Content-Type", "application/octet-stream")
    if token is not None:
        connection.putheader("X-Xsrftoken", token)
        connection.putheader("Cookie", f"_streamlit_xsrf={token}")
    connection.endheaders(bytes(size) if size <= 5 * 1024**2 else None)
    with connection.getresponse() as answer:
        status = answer.status
    connection.close()
    return status


def _keys(settings: dict[str, Any], prefix: str = "") -> list[str]:
    keys: list[str] = []
    for name, value in settings.items():
        if isinstance(value, dict):
            keys += _keys(value, f"{prefix}{name}.")
        else:
            keys.append(prefix + name)
    return keys
