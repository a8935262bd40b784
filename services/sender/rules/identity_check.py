"""Is the profile that came back the member the look-up asked for?

The provider's route has answered with a stranger before (UNIPILE.md §2.1), and a message to a stranger cannot be taken back. So the
public identifier must agree, or, for a member asked for by id, the id or the name.
"""

import unicodedata

from services.sender.rules.recipients import LinkedInRecipient
from shared.unipile.models import Profile


def is_same_member(recipient: LinkedInRecipient, profile: Profile) -> bool:
    """True when one of the signs identifies the member: the vanity, the id that was asked for, or both names."""
    if recipient.vanity and _normalize(profile.public_identifier or "") == _normalize(recipient.vanity):
        return True
    if recipient.lookup_key and profile.provider_id == recipient.lookup_key:
        return True
    names = (recipient.first_name, recipient.last_name)
    return all(names) and tuple(map(_normalize, names)) == (_normalize(profile.first_name or ""), _normalize(profile.last_name or ""))


def _normalize(text: str) -> str:
    """Case, the spelling of accents and surrounding space do not make a different member."""
    return unicodedata.normalize("NFC", text).casefold().strip()
