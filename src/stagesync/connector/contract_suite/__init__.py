"""The tests that every connector passes: a plain class to subclass, run by pytest.

    class TestMyCrm(ConnectorContract):
        @pytest.fixture
        def account(self, tmp_path):
            return MyAccount(tmp_path)

What a connector cannot do is a capability that it does not declare: the test then skips and says so.
The suite imports pytest, which a running stagesync does not need: import it in tests only.
"""

import pytest

# Before the modules are imported: so a failed comparison shows both sides.
pytest.register_assert_rewrite(
    *(
        f"{__name__}.{part}"
        for part in (
            "describing",
            "going_back",
            "keeping",
            "pulling",
            "remembering",
            "setting_up",
            "writing",
        )
    )
)

from stagesync.connector.contract_suite.account import Account  # noqa: E402  after the rewrite
from stagesync.connector.contract_suite.describing import Describing  # noqa: E402
from stagesync.connector.contract_suite.going_back import GoingBack  # noqa: E402
from stagesync.connector.contract_suite.keeping import Keeping  # noqa: E402
from stagesync.connector.contract_suite.pulling import Pulling  # noqa: E402
from stagesync.connector.contract_suite.remembering import Remembering  # noqa: E402
from stagesync.connector.contract_suite.setting_up import SettingUp  # noqa: E402
from stagesync.connector.contract_suite.writing import Writing  # noqa: E402

__all__ = ["Account", "ConnectorContract"]


class ConnectorContract(Describing, Pulling, Writing, GoingBack, Remembering, SettingUp, Keeping):
    """What `stagesync.connector.Connector` promises, as tests; a subclass gives the fixture `account`.

    The account has records of at least two objects, and of one object so many that a full pull takes
    three pages or more. Each test gets an account of its own.
    """
