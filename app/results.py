"""A bounded table of finished results, shared by all sessions of the server."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Results:
    """Keeps the latest results by their specification; the oldest leave first.

    Attributes:
        most: How many are kept.
    """

    most: int = 64
    _table: "OrderedDict[Hashable, Any]" = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, key: Hashable) -> Any | None:  # noqa: ANN401 - as many kinds as there are pages
        """The result of this specification; None when it is not, or no longer, there."""
        with self._lock:
            if key in self._table:
                self._table.move_to_end(key)
            return self._table.get(key)

    def keep(self, key: Hashable, result: Any) -> None:  # noqa: ANN401
        """Remember a result; it must not be changed afterwards, since all sessions share it."""
        with self._lock:
            self._table[key] = result
            self._table.move_to_end(key)
            while len(self._table) > self.most:
                self._table.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._table.clear()
