"""How many people may get letters in a stretch of time: the box's own limit, and the mail provider's.

So that a box with a QR reader cannot be made to send to half the town, and no provider closes its account. Pure
arithmetic; the outbox knows who got what, the mailer obeys.
"""

from dataclasses import dataclass
from datetime import timedelta

from firmware_py.config import MailSettings
from firmware_py.post.presets import preset_of


@dataclass(frozen=True)
class Allowance:
    """At most so many recipients in any stretch of so many seconds; where says who set it."""

    recipients: int
    seconds: float
    where: str

    def free_at(self, recipient: str, recent: list[tuple[str, float]]) -> float | None:
        """Return when a letter to a recipient may go, in seconds since 1970; None: now.

        Parameters
        ----------
        recipient
            Whoever got a letter within the stretch already is not counted a second time.
        recent
            Recipient and time of every letter within the stretch.
        """
        last: dict[str, float] = {}
        for who, when in recent:
            last[who] = max(when, last.get(who, when))
        if recipient in last or len(last) < self.recipients:
            return None
        return sorted(last.values())[len(last) - self.recipients] + self.seconds

    @property
    def says(self) -> str:
        """Say what is used up."""
        span = timedelta(seconds=self.seconds)
        return (
            f"{self.recipients} recipients had letters within {span.days * 24 + span.seconds // 3600} h ({self.where})"
        )


def allowances(mail: MailSettings) -> tuple[Allowance, ...]:
    """Return what the configuration and its preset allow; the owner who gets copies is one of the recipients."""
    copied = 1 if mail.copy_to else 0

    def at_most(recipients: int, seconds: float, where: str) -> Allowance:
        return Allowance(max(recipients - copied, 1), seconds, where + ", one more gets copies" * copied)

    own = at_most(mail.recipients_per_hour, 3600.0, "mail.recipients_per_hour")
    preset = preset_of(mail)
    if preset is None or preset.recipients_per_day is None:
        return (own,)
    return (own, at_most(preset.recipients_per_day, 86_400.0, f"what {preset.title} allows a day"))
