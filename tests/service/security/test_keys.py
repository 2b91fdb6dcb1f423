"""API keys."""

import hashlib
import hmac

import pytest

from service.security.keys import find_key, read_key_digests

KEYS = ("first-key", "second-key", "third-key")
DIGESTS = tuple(hashlib.sha256(key.encode()).digest() for key in KEYS)


class TestReadKeyDigests:
    """`read_key_digests`."""

    def test_plain_and_hashed_keys_are_the_same(self) -> None:
        """A key and its hash, in any case, give one digest; spaces and empty entries mean nothing."""
        text = f"{KEYS[0]}, sha256:{DIGESTS[1].hex()},,sha256:{DIGESTS[2].hex().upper()} ,"

        assert read_key_digests(text) == DIGESTS

    @pytest.mark.parametrize("text", ["", "  "])
    def test_nothing_is_no_key(self, text: str) -> None:
        """A setting that is empty sets no key."""
        assert read_key_digests(text) == ()

    @pytest.mark.parametrize(
        "text", [",", "two words", "käse", "sha256:", "sha256:12", f"sha256:{'g' * 64}"]
    )
    def test_mistakes(self, text: str) -> None:
        """What cannot be a key is refused, in words that do not repeat it."""
        with pytest.raises(ValueError, match=r"^(it holds|a key has|behind sha256)") as caught:
            read_key_digests(text)

        assert text in {",", "sha256:"} or text not in str(caught.value)


class TestFindKey:
    """`find_key`."""

    @pytest.mark.parametrize("place", range(3))
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            (b"authorization", b"Bearer %s"),
            (b"authorization", b"bearer  %s"),
            (b"x-api-key", b"%s"),
        ],
    )
    def test_finds_a_key_in_either_header(self, place: int, name: bytes, value: bytes) -> None:
        """A key is found wherever it stands in the setting, sent in either way."""
        headers = [(b"host", b"x"), (name, value % KEYS[place].encode())]

        assert find_key(headers, DIGESTS) == DIGESTS[place]

    @pytest.mark.parametrize(
        "headers",
        [
            [],
            [(b"x-api-key", b"")],
            [(b"x-api-key", b"first-ke")],
            [(b"x-api-key", b"first-key ")],
            [(b"x-api-key", DIGESTS[0].hex().encode())],
            [(b"authorization", b"Bearer")],
            [(b"authorization", b"Basic first-key")],
            [(b"authorization", b"Bearer wrong"), (b"x-api-key", b"first-key")],
        ],
    )
    def test_finds_nothing_else(self, headers: list[tuple[bytes, bytes]]) -> None:
        """A part of a key, its hash, another scheme or none open nothing; the bearer's key counts first."""
        assert find_key(headers, DIGESTS) is None

    def test_key_beside_another_scheme(self) -> None:
        """A proxy may have `Authorization` for itself: the other header is read then."""
        headers = [(b"authorization", b"Basic eDp5"), (b"x-api-key", b"first-key")]

        assert find_key(headers, DIGESTS) == DIGESTS[0]

    @pytest.mark.parametrize("key", [b"first-key", b"third-key", b"wrong"])
    def test_compares_every_key_in_constant_time(
        self, key: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each known digest is compared by the library's constant-time function, found or not."""
        compared: list[bytes] = []
        genuine = hmac.compare_digest

        def note_and_compare(offered: bytes, known: bytes) -> bool:
            compared.append(known)
            return genuine(offered, known)

        monkeypatch.setattr("service.security.keys.hmac.compare_digest", note_and_compare)

        find_key([(b"x-api-key", key)], DIGESTS)

        assert compared == list(DIGESTS)
