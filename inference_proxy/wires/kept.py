"""The growing texts of an answer as they are heard, kept up to a length."""

from collections.abc import Mapping

from inference_proxy.wires.events import Channel

LONGEST_KEPT = 1 << 22
"""Of an answer that never ends so many characters are kept."""
CUT_SHORT = f"[the rest is not kept: the answer has more than {LONGEST_KEPT} characters]"


class KeptTexts:
    """Texts by channel. What comes when there is too much is counted, and not kept."""

    __slots__ = ("_texts", "characters")

    def __init__(self) -> None:
        self._texts: dict[Channel, list[str]] = {}
        self.characters = 0
        """How much text was heard."""

    def say(self, channel: Channel, text: str) -> None:
        """Take in some more of one text."""
        before, self.characters = self.characters, self.characters + len(text)
        if self.characters <= LONGEST_KEPT:
            self._texts.setdefault(channel, []).append(text)
        elif before <= LONGEST_KEPT:
            kept = text[: LONGEST_KEPT - before]
            self._texts.setdefault(channel, []).append(kept + CUT_SHORT)

    def texts(self, instead: Mapping[Channel, str] | None = None) -> dict[Channel, str]:
        """Return every text; `instead` replaces some of them."""
        return {channel: "".join(parts) for channel, parts in self._texts.items()} | dict(instead or {})
