"""For plugin authors: recorded exchanges, replayed without any network, and the checks that every
provider has to pass. It needs no pytest.

    from taggers.testing import cases

    @pytest.mark.parametrize("case", cases("acme-tags"), ids=str)
    def test_acme(case):
        case.check()

`pytest --taggers-provider acme-tags` runs the same for any provider that is installed.
"""

from __future__ import annotations

from ._cases import Case, cases
from ._exchange import Exchange, Mismatch, exchanges, png, settings

__all__ = ["Case", "Exchange", "Mismatch", "cases", "exchanges", "png", "settings"]
