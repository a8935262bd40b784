"""Is the profile that came back the person we asked for?

The provider's route has answered with a stranger before (UNIPILE.md §2.1), and a message to a stranger cannot be taken
back. So the public identifier must agree, or, for a person asked for by id, the id or the name.
"""

import unicodedata

from services.sender.rules.attempt import Attempt
from shared.unipile.models import Profile


def is_the_person(attempt: Attempt, profile: Profile) -> bool:
    """True when any one sign identifies the person and none that we asked by contradicts it."""
    if attempt.vanity and _plain(profile.public_identifier or "") == _plain(attempt.vanity):
        return True
    if attempt.identifier and profile.provider_id == attempt.identifier:
        return True
    names = (attempt.first_name, attempt.last_name)
    return all(names) and tuple(map(_plain, names)) == (_plain(profile.first_name or ""), _plain(profile.last_name or ""))


def _plain(text: str) -> str:
    """Case, accents' spelling and surrounding space do not make another person."""
    return unicodedata.normalize("NFC", text).casefold().strip()
