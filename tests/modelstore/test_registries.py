"""Package indexes and npm registries, as a local server plays them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.modelstore.shelf import Fault, Shelf
from voicebot.modelstore.registries import NpmRegistry, PackageIndex, normalized
from voicebot.modelstore.web import FetchError, Web

WHEEL = "my_voice-1.0-py3-none-any.whl"
JSON_TYPE = "application/vnd.pypi.simple.v1+json"


def addresses(*indexes: str, find_links: tuple[str, ...] = ()) -> list[str]:
    return list(PackageIndex(Web(timeout_s=5), indexes, find_links).addresses("My.Voice", WHEEL))


def test_names_are_normalized_as_indexes_do() -> None:
    assert normalized("My.Voice__x") == "my-voice-x"


def test_an_index_that_speaks_json(shelf: Shelf) -> None:
    document = {"files": [{"url": "/other.whl"}, {"url": f"../../files/{WHEEL}#sha256=abc"}]}
    shelf.put_json("/simple/my-voice/", document, JSON_TYPE)
    assert addresses(f"{shelf.url}/simple") == [f"{shelf.url}/files/{WHEEL}"]
    assert shelf.seen[0].headers["accept"].startswith(JSON_TYPE)


def test_an_index_that_speaks_html(shelf: Shelf) -> None:
    page = f'<a name="x">no link</a><a href="/f/{WHEEL.replace("_", "%5F")}#sha256=1">{WHEEL}</a>'
    shelf.put("/simple/my-voice/", page.encode(), "text/html")
    assert addresses(f"{shelf.url}/simple/") == [f"{shelf.url}/f/{WHEEL.replace('_', '%5F')}"]


def test_an_index_in_a_directory(tmp_path: Path) -> None:
    (tmp_path / "my-voice").mkdir()
    (tmp_path / "my-voice" / "index.html").write_text(f'<a href="../../files/{WHEEL}">x</a>', encoding="utf-8")
    found = addresses(tmp_path.as_uri())
    assert found == [(tmp_path.parent / "files" / WHEEL).as_uri()]


def test_links_come_before_indexes_and_indexes_in_order(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / WHEEL).write_bytes(b"")
    for index in ("one", "two"):
        shelf.put(f"/{index}/my-voice/", f'<a href="{WHEEL}">x</a>'.encode(), "text/html")
    shelf.put("/links.html", f'<a href="linked/{WHEEL}">x</a>'.encode(), "text/html")
    found = addresses(
        f"{shelf.url}/one", f"{shelf.url}/two", find_links=(str(tmp_path), "/nowhere", f"{shelf.url}/links.html")
    )
    expected = ["/linked/", "/one/my-voice/", "/two/my-voice/"]
    assert found == [(tmp_path / WHEEL).as_uri(), *(f"{shelf.url}{place}{WHEEL}" for place in expected)]


def test_every_place_says_why_it_had_nothing(shelf: Shelf) -> None:
    shelf.faults["/one/my-voice/"] = [Fault(status=500)]
    shelf.put("/two/my-voice/", b"<a href='other.whl'>x</a>", "text/html")
    with pytest.raises(FetchError, match=rf"HTTP 500; .*has no {WHEEL}"):
        addresses(f"{shelf.url}/one", f"{shelf.url}/two")


def test_without_any_index_the_setting_is_named() -> None:
    with pytest.raises(FetchError, match=r"set models\.package_index"):
        addresses()


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"files": 1}', b'{"files": [{}]}', b"\xff"])
def test_a_senseless_answer_of_an_index(shelf: Shelf, body: bytes) -> None:
    shelf.put("/simple/my-voice/", body, JSON_TYPE)
    with pytest.raises(FetchError, match="makes no sense"):
        addresses(f"{shelf.url}/simple")


def test_index_credentials_go_to_files_on_the_same_host_only(shelf: Shelf) -> None:
    shelf.put("/simple/my-voice/", f'<a href="/f/{WHEEL}">x</a>'.encode(), "text/html")
    private = shelf.url.replace("://", "://me:secret@")
    assert addresses(f"{private}/simple") == [f"{private}/f/{WHEEL}"]
    shelf.put("/simple/my-voice/", f'<a href="http://elsewhere.example/{WHEEL}">x</a>'.encode(), "text/html")
    assert addresses(f"{private}/simple") == [f"http://elsewhere.example/{WHEEL}"]


def test_an_error_never_shows_credentials(shelf: Shelf) -> None:
    with pytest.raises(FetchError) as caught:
        addresses(shelf.url.replace("://", "://me:secret@"))
    assert "secret" not in str(caught.value)


def test_the_tarball_of_an_npm_package(shelf: Shelf) -> None:
    shelf.put_json("/@me%2Fvoice/1.2.0", {"dist": {"tarball": "https://files.example/voice.tgz"}})
    assert NpmRegistry(Web(), shelf.url + "/").address("@me/voice", "1.2.0") == "https://files.example/voice.tgz"


def test_npm_trouble_is_told(shelf: Shelf) -> None:
    with pytest.raises(FetchError, match=r"set models\.npm_registry"):
        NpmRegistry(Web(), "").address("voice", "1.0.0")
    with pytest.raises(FetchError, match="HTTP 404"):
        NpmRegistry(Web(), shelf.url).address("voice", "1.0.0")
    shelf.put_json("/voice/1.0.0", {"dist": {}})
    with pytest.raises(FetchError, match="makes no sense"):
        NpmRegistry(Web(), shelf.url).address("voice", "1.0.0")
