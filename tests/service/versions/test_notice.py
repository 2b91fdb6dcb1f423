"""What all workers keep to."""

import pytest
from pydantic import ValidationError

from service.versions.notice import Notice, Served, Version

ONE, TWO, THREE = (
    Version(name="digits", version=version, digest=version * 64, accuracy=0.9)
    for version in ("1", "2", "3")
)
START = Notice(served={"digits": Served(active=ONE)})


class TestNotice:
    """`Notice`."""

    def test_a_candidate_answers_nobody(self) -> None:
        """Proposed, a version is to be loaded, and the one before it stays active."""
        proposed = START.propose(TWO)

        assert list(proposed.versions()) == [ONE, TWO]
        assert proposed.served == START.served
        assert proposed.generation == START.generation + 1

    def test_commit(self) -> None:
        """Committed, it is active, and the one before it is kept."""
        committed = START.propose(TWO).commit(TWO)

        assert committed.served == {"digits": Served(active=TWO, previous=ONE)}
        assert committed.candidate is None
        assert list(committed.versions()) == [TWO, ONE]

    def test_two_are_kept(self) -> None:
        """The version before the previous one is dropped."""
        third = START.propose(TWO).commit(TWO).propose(THREE).commit(THREE)

        assert list(third.versions()) == [THREE, TWO]

    def test_withdraw(self) -> None:
        """Withdrawn, all is as before, but for the generation."""
        withdrawn = START.propose(TWO).withdraw()

        assert withdrawn == START.model_copy(update={"generation": 3})

    def test_reasons(self) -> None:
        """A refusal is remembered until the version is served."""
        refused = START.refuse("digits", "2", "It is worse.").refuse("digits", "3", "It is broken.")

        assert refused.refused == {"digits": {"2": "It is worse.", "3": "It is broken."}}
        assert refused.propose(TWO).commit(TWO).refused == {"digits": {"3": "It is broken."}}

    def test_loaded_version_is_not_refused(self) -> None:
        """What answers is not called refused, whatever has become of its files."""
        assert START.refuse("digits", "1", "It is broken.").refused == {}

    def test_survives_json(self) -> None:
        """It is read as it was written, and cannot be changed."""
        notice = START.refuse("digits", "3", "It is broken.").propose(TWO)

        assert Notice.model_validate_json(notice.model_dump_json()) == notice
        with pytest.raises(ValidationError, match="frozen"):
            notice.generation = 9  # type: ignore[misc]  # what must not be done
