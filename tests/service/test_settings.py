"""Settings, as the environment has them."""

import hashlib

import pytest

from service.settings import Settings

KEYS = ("first-key", "second-key", "third-key")
DIGESTS = tuple(hashlib.sha256(key.encode()).digest() for key in KEYS)


def test_settings_keep_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings hold digests, and do not even show these."""
    monkeypatch.setenv("DIGITSERVE_API_KEYS", "first-key")
    monkeypatch.setenv("DIGITSERVE_ADMIN_KEYS", f"second-key,sha256:{DIGESTS[2].hex()}")

    settings = Settings()

    assert settings.api_keys == DIGESTS[:1]
    assert settings.admin_keys == DIGESTS[1:]
    assert "api_keys" not in repr(settings)
    assert "admin_keys" not in repr(settings)


@pytest.mark.parametrize("name", ["API_KEYS", "RATE_LIMIT", "CORS_ORIGINS", "TLS_KEY", "WORKERS"])
def test_empty_setting_is_unset(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is set to nothing, as files of variables have it, leaves the default."""
    monkeypatch.setenv(f"DIGITSERVE_{name}", "")

    assert Settings() == Settings(_env_file=None)
    assert getattr(Settings(), name.lower()) == Settings.model_fields[name.lower()].default


def test_wrong_setting_shows_no_key() -> None:
    """A setting that is wrong is refused without its text: beside the mistake there may be a key."""
    with pytest.raises(ValueError, match="64 hexadecimal digits") as caught:
        Settings(api_keys="first-key,sha256:12")

    assert "first-key" not in str(caught.value)


def test_bodies_together_hold_the_largest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound on all bodies that the largest one could never keep is refused, the default too."""
    monkeypatch.setenv("DIGITSERVE_MAX_EVALUATE_BYTES", "400000000")

    with pytest.raises(ValueError, match="less than the 400,000,000 bytes"):
        Settings()

    assert Settings(max_bodies_bytes=400_000_000).max_bodies_bytes == 400_000_000


@pytest.mark.parametrize("seconds", [1, 2])
def test_watchdog_hears_a_beat(seconds: int) -> None:
    """A worker says once a second that it is well: a watchdog that waits hardly longer ends it for nothing."""
    with pytest.raises(ValueError, match="it is 0, or at least 3"):
        Settings(watchdog_timeout_s=seconds)

    assert [Settings(watchdog_timeout_s=it).watchdog_timeout_s for it in (0, 3)] == [0, 3]
