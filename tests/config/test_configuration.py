"""The configuration folder (interface.md 2): layers, origins, and errors that say what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from building.spoiled_files import NO_FILES

from nexusops.config import Configuration, load
from nexusops.config.services import load_services, service_path
from nexusops.errors import UsageError
from nexusops.wiring import opened

MINIMAL = '[site]\nname = "oxford-test"\nfallback_domain = "nexus.ox.ac.uk"\n'
MICROSOFT = MINIMAL + '[tenant]\nkind = "microsoft365"\n'
REAL = MICROSOFT + 'tenant_id = "t"\nclient_id = "c"\nsecret = "env:NX"\ncredential = "secret"\n'
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a folder; ``policy`` and ``guard`` only where given."""

    def _write(main: str = MINIMAL, policy: str | None = None, guard: str | None = None) -> Path:
        (tmp_path / "nexusops.toml").write_text(main, "utf-8")
        for name, text in (("policy.toml", policy), ("guard.toml", guard)):
            if text is not None:
                (tmp_path / name).write_text(text, "utf-8")
        return tmp_path

    return _write


def refused(folder: Path) -> UsageError:
    with pytest.raises(UsageError) as caught:
        load(folder)
    return caught.value


def shown(configuration: Configuration, file: str, key: str) -> tuple[object, str]:
    (found,) = [one for one in configuration.shown if (one.file, one.key) == (file, key)]
    return found.value, found.origin


def test_only_nexusops_toml_must_be_there(write: Write) -> None:
    loaded = load(write())
    assert (loaded.site.name, loaded.site.fallback_domain, loaded.site.parent_domain) == (
        "oxford-test",
        "nexus.ox.ac.uk",
        "ox.ac.uk",
    )
    assert loaded.settings.state.url == "sqlite:///state/nexusops.db"
    assert loaded.settings.notices.sender == "postmaster@nexus.ox.ac.uk"
    assert shown(loaded, "nexusops.toml", "notices.sender") == ("postmaster@nexus.ox.ac.uk", "site.fallback_domain")


def test_a_missing_folder_says_how_to_write_one(tmp_path: Path) -> None:
    error = refused(tmp_path / "nowhere")
    assert "nexusops.toml" in error.message
    assert "nexusops init" in error.next_step


def test_policy_is_laid_over_the_profile_and_the_profile_over_the_decisions(write: Write) -> None:
    """D07, D26: policy.toml > profile > default, each value with its origin."""
    loaded = load(
        write(MINIMAL.replace("[site]", '[site]\nprofile = "oxford-2023"'), policy="[missing_card]\nhold_days = 3\n")
    )
    assert loaded.policy.missing_card.hold_days == 3
    assert loaded.policy.expiry.grace_months_by_status == {"UG": 3, "GR": 3, "GT": 3}
    assert shown(loaded, "policy.toml", "missing_card.hold_days") == (3, "policy.toml")
    assert shown(loaded, "policy.toml", "missing_card.policy") == ("cancel", "default")
    assert shown(loaded, "policy.toml", "expiry.grace_months_by_status")[1] == "profile oxford-2023"


def test_the_cambridge_profile_brings_its_zone_its_tickets_and_its_neutral_spf(write: Write) -> None:
    """T5, T9, T13: catch bounces, neutral catch-all, requests instead of zone lines."""
    loaded = load(write(MINIMAL.replace("[site]", '[site]\nprofile = "cambridge"')))
    assert loaded.site.parent_domain == "cam.ac.uk"
    assert (loaded.policy.dns.apply, loaded.policy.dns.bounce_required, loaded.policy.spf.catch_all) == (
        "request",
        True,
        "?all",
    )
    assert (loaded.settings.dns.publish, loaded.settings.dns.site_include) == ("ticket", "mx.cam.ac.uk")
    assert loaded.policy.dns.standard_only
    assert not load(write()).policy.dns.standard_only


NORTHGATE = """
[site]
name = "northgate"
profile = "other"
fallback_domain = "m365.northgate.ac.uk"
parent_domain = "northgate.ac.uk"
[dns]
site_include = "spf.protection.outlook.com"
standard_mx = "10 mx.northgate.ac.uk"
"""
CODES = """
[status_map]
qualifying = ["EMP", "STU"]
[secondary]
owner_codes = ["EMP"]
"""


def test_another_university_says_everything_that_is_its_own_and_has_nothing_of_oxford(write: Write) -> None:
    """D31, D46: its codes are its own; the numbers of the decisions stay."""
    loaded = load(write(NORTHGATE, CODES))
    assert (loaded.site.parent_domain, loaded.site.spf_include, loaded.site.standard_mx, loaded.site.publish) == (
        "northgate.ac.uk",
        "spf.protection.outlook.com",
        "10 mx.northgate.ac.uk.",
        "zone_lines",
    )
    policy = loaded.policy
    assert (policy.status_map.qualifying, policy.status_map.non_qualifying) == (("EMP", "STU"), ())
    assert (policy.sender.college_preferring, policy.secondary.owner_codes) == ((), ("EMP",))
    assert policy.winddown.months == 2


@pytest.mark.parametrize(
    ("main", "policy", "parts"),
    [
        (NORTHGATE.replace('parent_domain = "northgate.ac.uk"', ""), CODES, ("site.parent_domain", "missing")),
        (NORTHGATE.replace('"spf.protection.outlook.com"', '""'), CODES, ("dns.site_include", "missing")),
        (NORTHGATE.replace("standard_mx", "# "), CODES, ("dns.standard_mx", "missing")),
        (NORTHGATE, None, ("policy.toml", "status_map.qualifying", "come with a mailbox")),
        (NORTHGATE, '[status_map]\nqualifying = ["EMP"]\n', ("secondary.owner_codes", "may own")),
        (
            NORTHGATE,
            CODES.replace('owner_codes = ["EMP"]', 'owner_codes = ["EMPL"]'),
            ("owner_codes", "EMP, STU", "'EMPL'"),
        ),
        (
            NORTHGATE,
            CODES + '[sender]\ncollege_preferring = ["UG"]\n',
            ("sender.college_preferring", "EMP, STU", "'UG'"),
        ),
        (NORTHGATE, CODES + "[expiry.grace_months_by_status]\nSTUD = 3\n", ("grace_months_by_status", "'STUD'")),
        (MINIMAL, '[status_map]\nnon_qualifying = ["VX", "UG"]\n', ("status_map.non_qualifying", "'UG'")),
        (MINIMAL, "[spf]\nnear_lookups = 12\n", ("spf.near_lookups", "max_lookups (10)")),
        (
            MINIMAL + 'parent_domain = "northgate.ac.uk"\n',
            None,
            ("dns.site_include", "northgate.ac.uk", "_spf.ox.ac.uk"),
        ),
        (
            MINIMAL + 'parent_domain = "northgate.ac.uk"\n[dns]\nsite_include = "_spf.northgate.ac.uk"\n',
            None,
            ("dns.standard_mx", "northgate.ac.uk", "oxmail.ox.ac.uk"),
        ),
        (MINIMAL + '[tenant]\nlicence_sku = ""\n', None, ("tenant.licence_sku", "missing")),
        (
            MINIMAL + '[dns]\nmail_hosts = ["10 mx.ox.ac.uk"]\n',
            None,
            ("dns.mail_hosts", "host names", "'10 mx.ox.ac.uk'"),
        ),
        (MINIMAL + '[dns]\nopt_out = ["chem"]\n', None, ("dns.opt_out", "domains", "'chem'")),
        (
            MINIMAL + '[dns.dept_include]\n"chem.ox.ac.uk" = "always"\n',
            None,
            ("dept_include.chem.ox.ac.uk", "last day"),
        ),
        (MINIMAL + '[tenant]\nusage_location = "UK"\n', None, ("tenant.usage_location", "ISO 3166", "GB")),
    ],
)
def test_what_contradicts_itself_or_is_another_universitys_is_refused(
    write: Write, main: str, policy: str | None, parts: tuple[str, ...]
) -> None:
    error = refused(write(main, policy))
    assert all(part in str(error) for part in parts), str(error)
    assert error.next_step


def test_a_code_that_gives_no_mailbox_elsewhere_may_give_one_here(write: Write) -> None:
    """D46: what the site says counts, whatever the decisions say of the same code."""
    loaded = load(write(policy='[status_map]\nqualifying = ["UG", "VX"]\n'))
    assert loaded.policy.status_map.qualifying == ("UG", "VX")


def test_whoever_asks_for_changes_of_the_dns_gets_tickets(write: Write) -> None:
    """T13: the policy's choice is the default of how records are published; nexusops.toml may say zone lines."""
    asking = "[dns]\napply = 'request'\n"
    assert shown(load(write(MINIMAL, policy=asking)), "nexusops.toml", "dns.publish") == ("ticket", "policy dns.apply")
    by_hand = load(write(MINIMAL + '[dns]\npublish = "zone_lines"\n', policy=asking))
    assert shown(by_hand, "nexusops.toml", "dns.publish") == ("zone_lines", "nexusops.toml")


def test_whoever_asks_for_changes_of_the_dns_makes_none(write: Write) -> None:
    """R78: a ticket, never a DNS change."""
    updating = '[dns]\npublish = "dynamic_update"\nserver = "[::1]:53"\ntsig_name = "k."\ntsig_secret = "env:TSIG"\n'
    assert load(write(MINIMAL + updating)).site.publish == "dynamic_update"
    for asked in (updating, '[dns]\npublish = "dynamic_update"\n'):
        with pytest.raises(UsageError, match="dynamic_update changes the DNS"):
            load(write(MINIMAL + asked, policy="[dns]\napply = 'request'\n"))


@pytest.mark.parametrize("name", ["nexusops.toml", "policy.toml", "guard.toml"])
@pytest.mark.parametrize("other", [one for one in NO_FILES if one != "nothing"])
def test_what_is_no_file_is_neither_waited_for_nor_taken_for_nothing(other: str, name: str, write: Write) -> None:
    """A policy behind a link that leads nowhere is not the default policy."""
    folder = write(MINIMAL)
    (folder / name).unlink(missing_ok=True)
    NO_FILES[other](folder / name)
    with pytest.raises(UsageError) as caught:
        load(folder)
    assert str(folder / name) in caught.value.message


def test_a_folder_that_the_system_refuses_to_look_for_is_told(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 300)
    assert refused(folder).message == f"{folder / 'nexusops.toml'}: cannot be read: File name too long."


@pytest.mark.parametrize("name", ["services", "templates"])
@pytest.mark.parametrize("other", ["a file", "a link to nowhere"])
def test_a_folder_that_cannot_be_looked_into_is_not_empty(other: str, name: str, write: Write) -> None:
    """Every product would have been retired, and every notice sent in other words."""
    folder = write(MINIMAL)
    if other == "a file":
        (folder / name).write_text("", "utf-8")
    else:
        NO_FILES[other](folder / name)
    with pytest.raises(UsageError, match="cannot be looked into"), opened(folder):
        pass


@pytest.mark.parametrize("other", [one for one in NO_FILES if one != "nothing"])
def test_a_request_that_is_no_file_holds_back_itself_alone(other: str, write: Write) -> None:
    """D29."""
    folder = write(MINIMAL)
    (folder / "services").mkdir()
    NO_FILES[other](folder / "services" / "adminday.toml")
    assert set(load(folder).requests.faulty) == {"adminday"}


@pytest.mark.parametrize("dot", ["", "."])
def test_names_in_dns_are_meant_alike_with_and_without_their_last_dot(write: Write, dot: str) -> None:
    lines = f'standard_mx = "5  mx.ox.ac.uk{dot}"\nsite_include = "_hosts.ox.ac.uk{dot}"\n'
    site = load(write(f"{MINIMAL}[dns]\n{lines}")).site
    assert (site.standard_mx, site.spf_include) == ("5 mx.ox.ac.uk.", "_hosts.ox.ac.uk")


@pytest.mark.parametrize(
    ("main", "policy", "guard", "parts"),
    [
        (MINIMAL + '[registraton]\nkind = "folder"\n', None, None, ("registraton", "registration")),
        (MINIMAL + 'fallback_domian = "x"\n', None, None, ("site.fallback_domian", "site.fallback_domain")),
        (MINIMAL, "[missing_card]\nhold_day = 3\n", None, ("policy.toml", "missing_card.hold_day", "hold_days")),
        (MINIMAL, "[missing_card]\nhold_days = '3'\n", None, ("missing_card.hold_days", "a whole number", "'3'")),
        (MINIMAL, "[missing_card]\nhold_days = true\n", None, ("a whole number", "true")),
        (MINIMAL, "[missing_card]\nhold_days = -1\n", None, ("not negative",)),
        (MINIMAL, "[missing_card]\nhold_days = 99999999999\n", None, ("missing_card.hold_days", "36500")),
        (MINIMAL, "[snapshot]\nmax_age_minutes = 99999999999999\n", None, ("snapshot.max_age_minutes", "525600")),
        (MINIMAL, "[snapshot]\nshrink_percent = nan\n", None, ("snapshot.shrink_percent", "not negative")),
        (MINIMAL, "[expiry.grace_months_by_status]\nUG = 9999\n", None, ("expiry.grace_months_by_status", "1200")),
        (MINIMAL, "[time]\nmonth_overflow = 'up'\n", None, ("time.month_overflow", "clamp | roll")),
        (MINIMAL, "[time]\nzone = 'Europe/Oxford'\n", None, ("time.zone", "time zone")),
        (MINIMAL, "[names]\nusername_pattern = '('\n", None, ("names.username_pattern", "regular expression")),
        (MINIMAL, "[sender]\ncollege_preferring = ['UG', 3]\n", None, ("sender.college_preferring[1]", "a string")),
        (MINIMAL, "time = 3\n", None, ("time", "a table")),
        (MINIMAL, "[reorg]\nmin_months = 9\n", None, ("reorg.min_months", "max_months")),
        (MINIMAL, "[time\n", None, ("policy.toml", "TOML")),
        (MINIMAL, None, "[limits]\nDisableMailbx = 3\n", ("guard.toml", "limits.DisableMailbx", "DisableMailbox")),
        (MINIMAL, None, "[limits]\nDestructive = 'many'\n", ("limits.Destructive", "percentage")),
        (MINIMAL, None, "[limits]\nDestructive = {cuont = 3}\n", ("limits.Destructive.cuont", "count")),
        (MINIMAL, None, "[roles]\nsecurty = []\n", ("roles.securty", "roles.security")),
        (MINIMAL.replace("oxford-test", ""), None, None, ("site.name", "missing")),
        (MINIMAL + '[tenant]\nkind = "microsoft356"\n', None, None, ("tenant.kind", "embedded | microsoft365")),
        (MINIMAL + '[tenant]\nkind = "microsoft365"\n', None, None, ("tenant.tenant_id", "missing")),
        (MINIMAL + '[registration]\nkind = "database"\n', None, None, ("registration.url", "missing")),
        (MINIMAL + '[dns]\npublish = "dynamic_update"\n', None, None, ("dns.server", "dns.publish", "missing")),
        (MINIMAL + '[dns]\ntsig_algorithm = "hmac-md5"\n', None, None, ("dns.tsig_algorithm", "hmac-sha256")),
        (MINIMAL.replace("nexus.ox.ac.uk", "Nexus ox"), None, None, ("site.fallback_domain", "a domain")),
        (MICROSOFT + 'tenant_id = "not a guid"\n', None, None, ("tenant.tenant_id", "the directory's id")),
        (MICROSOFT + 'tenant_id = "t"\nclient_id = "a b"\n', None, None, ("tenant.client_id", "the application's id")),
        (
            REAL + 'graph_base_url = "http://graph.example/v1.0"\n',
            None,
            None,
            ("tenant.graph_base_url", "an https:// address"),
        ),
        (MINIMAL + '[tenant]\nusage_location = "Britain"\n', None, None, ("tenant.usage_location", "'Britain'")),
        (MINIMAL + '[notices]\nsender = "postmaster"\n', None, None, ("notices.sender", "an address")),
        (MINIMAL + "[notices]\nport = 0\n", None, None, ("notices.port", "from 1 to 65535")),
        (MINIMAL + '[dns]\nstandard_mx = "65536 mx.ox.ac.uk"\n', None, None, ("dns.standard_mx", "a preference")),
        (MINIMAL + '[dns]\nstandard_mx = "oxmail"\n', None, None, ("dns.standard_mx", "a preference and a host")),
        (MINIMAL + "[dns]\nttl = -1\n", None, None, ("dns.ttl", "from 0")),
        (MINIMAL + '[state]\nurl = "state.db"\n', None, None, ("state.url", "the URL of a database")),
        (MINIMAL + '[state]\nurl = ""\n', None, None, ("state.url", "the URL of a database")),
        (MINIMAL + '[dns]\ntsig_secret = "aGFsbG8="\n', None, None, ("dns.tsig_secret", "env:NAME")),
    ],
)
def test_a_mistake_is_refused_with_file_key_and_what_was_expected(
    write: Write, main: str, policy: str | None, guard: str | None, parts: tuple[str, ...]
) -> None:
    error = refused(write(main, policy, guard))
    assert all(part in str(error) for part in parts), str(error)
    assert error.exit_code == 2
    assert error.next_step


@pytest.mark.parametrize(
    ("main", "guard", "said"),
    [
        (f"{MINIMAL}nmae = 1\n", None, "site.nmae: unknown key. The nearest known key is site.name."),
        (
            f"{MINIMAL}[tenant]\nTenant = 1\n",
            None,
            "tenant.Tenant: unknown key. The nearest known key is tenant.tenant_id.",
        ),
        (f"{MINIMAL}zone_file = 1\n", None, "site.zone_file: unknown key. The nearest known key is dns.zone_file."),
        (
            f"{MINIMAL}url = 1\n",
            None,
            "site.url: unknown key. The nearest known key is registration.url or state.url or queue.url.",
        ),
        (
            f"{MINIMAL}zzz = 1\n",
            None,
            (
                "site.zzz: unknown key. The known keys there are site.name, site.profile, site.fallback_domain, "
                "site.parent_domain."
            ),
        ),
        (
            MINIMAL,
            "[limits]\ndestruct = 1\n",
            "limits.destruct: unknown key. The nearest known key is limits.Destructive.",
        ),
        (
            MINIMAL,
            "[roles]\nzzz = []\n",
            (
                "roles.zzz: unknown key. The known keys there are roles.security, roles.postmaster, roles.desk, "
                "roles.auditor."
            ),
        ),
    ],
)
def test_an_unknown_key_is_told_with_what_may_have_been_meant(
    write: Write, main: str, guard: str | None, said: str
) -> None:
    """interface.md 2. What is not near is not suggested: the common name of the table makes no key a near one."""
    folder = write(main, guard=guard)
    assert refused(folder).message == f"{folder / ('guard.toml' if guard else 'nexusops.toml')}: {said}"


def test_what_windows_writes_before_a_text_is_no_part_of_it(tmp_path: Path) -> None:
    """A byte order mark, and its line ends."""
    (tmp_path / "nexusops.toml").write_bytes(b"\xef\xbb\xbf" + MINIMAL.replace("\n", "\r\n").encode())
    assert load(tmp_path).site.name == "oxford-test"


def test_a_file_in_another_encoding_says_where(tmp_path: Path) -> None:
    (tmp_path / "nexusops.toml").write_bytes(MINIMAL.encode() + b"# Z\xfcrich\n")
    error = refused(tmp_path)
    assert error.message == f"{tmp_path / 'nexusops.toml'}: is not UTF-8 at byte {len(MINIMAL) + 3}."


@pytest.mark.parametrize("key", ["authority", "graph_base_url", "exchange_base_url"])
def test_a_name_before_a_host_is_refused_without_being_repeated(write: Write, key: str) -> None:
    """interface.md 3: it may be a password, and would be told by whoever refuses the token."""
    error = refused(write(f'{REAL}{key} = "https://me:hunter2@graph.example/v1.0"\n'))
    assert f"tenant.{key}" in str(error)
    assert "hunter2" not in str(error)


def test_a_literal_secret_is_refused_without_being_repeated(write: Write) -> None:
    error = refused(write(MINIMAL + '[tenant]\nsecret = "hunter2"\n'))
    assert "tenant.secret" in str(error)
    assert "env:NAME" in str(error)
    assert "hunter2" not in str(error)


@pytest.mark.parametrize(
    "slip",
    [
        "[notices]\npassword = 31415926\n",
        '[tenant]\nsecret = ["31415926"]\n',
        '[state]\nurl = ["postgresql://u:31415926@h/db"]\n',
        '[[notices]]\npassword = "31415926"\n',
    ],
)
def test_what_may_hold_a_secret_is_refused_by_its_kind_and_not_repeated(write: Write, slip: str) -> None:
    """A password without quotation marks is a number."""
    error = refused(write(MINIMAL + slip))
    assert "31415926" not in str(error)
    assert str(error).partition("found ")[2].startswith(("a number.", "a list."))


@pytest.mark.parametrize(
    ("url", "visible"),
    [
        (
            "postgresql://h/db?user=u&password=hunter2&sslmode=require",
            "postgresql://h/db?user=u&password=***&sslmode=require",
        ),
        ("postgresql://u:a@h/db?sslpassword=hunter2", "postgresql://u:***@h/db?sslpassword=***"),
        ("postgresql://u:p@hunter2@h/db", "postgresql://u:***@h/db"),
        ("postgresql://u:p hunter2@h/db", "postgresql://u:***@h/db"),
        ("sqlite:///state/nexusops.db", "sqlite:///state/nexusops.db"),
    ],
)
def test_no_password_of_an_address_is_shown_wherever_it_stands_in_it(write: Write, url: str, visible: str) -> None:
    """PostgreSQL takes passwords in the query, too."""
    found = load(write(f'{MINIMAL}[state]\nurl = "{url}"\n'))
    assert shown(found, "nexusops.toml", "state.url")[0] == visible


def test_a_secrets_file_inside_the_folder_is_refused(write: Write) -> None:
    assert "outside" in str(refused(write(MINIMAL + '[notices]\npassword = "file:password"\n')))


def test_secrets_are_shown_as_set_or_not_set_and_never_as_themselves(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    main = MINIMAL + '[tenant]\nsecret = "env:NX_TEST_SECRET"\n[state]\nurl = "postgresql+psycopg://u:hunter2@h/db"\n'
    before = load(write(main))
    assert shown(before, "nexusops.toml", "tenant.secret") == ("not set", "nexusops.toml")
    monkeypatch.setenv("NX_TEST_SECRET", "hunter3")
    after = load(write(main))
    assert shown(after, "nexusops.toml", "tenant.secret") == ("set", "nexusops.toml")
    assert shown(after, "nexusops.toml", "state.url")[0] == "postgresql+psycopg://u:***@h/db"
    assert after.secret("tenant.secret").read() == "hunter3"
    assert after.url("state.url") == "postgresql+psycopg://u:hunter2@h/db"
    assert "hunter" not in after.text("nexusops.toml") + repr(after.secret("tenant.secret"))


def test_an_unset_secret_says_which_variable_to_set(write: Write) -> None:
    """interface.md 1: a configuration error names the file and the key path."""
    folder = write(MINIMAL + '[tenant]\nsecret = "env:NX_NEVER_SET"\n')
    with pytest.raises(UsageError) as caught:
        load(folder).secret("tenant.secret").read()
    assert caught.value.message == f"{folder}/nexusops.toml: tenant.secret: env:NX_NEVER_SET is empty or not set."
    assert caught.value.next_step == (
        "Set the environment variable NX_NEVER_SET; `nexusops config show` says whether it is set."
    )


def test_a_url_in_the_environment_is_shown_as_set_or_not_set(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """interface.md 2: the advice of the error above holds for a state, too; what the variable holds is not printed."""
    folder = write(MINIMAL + '[state]\nurl = "env:NX_STATE_URL"\n')
    monkeypatch.delenv("NX_STATE_URL", raising=False)
    assert shown(load(folder), "nexusops.toml", "state.url") == (
        "env:NX_STATE_URL",
        "nexusops.toml; NX_STATE_URL is not set",
    )
    monkeypatch.setenv("NX_STATE_URL", "postgresql+psycopg://u:hunter4@h/db")
    after = load(folder)
    assert shown(after, "nexusops.toml", "state.url") == ("env:NX_STATE_URL", "nexusops.toml; NX_STATE_URL is set")
    assert "hunter4" not in str(after.shown)


def test_a_secrets_file_that_is_no_text_is_a_mistake_of_configuration(
    write: Write, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret = tmp_path_factory.mktemp("elsewhere") / "key"
    secret.write_bytes(b"\xff\xfe")
    folder = write(f'{MINIMAL}[tenant]\nsecret = "file:{secret}"\n')
    with pytest.raises(UsageError) as caught:
        load(folder).secret("tenant.secret").read()
    assert caught.value.message == f"{folder}/nexusops.toml: tenant.secret: {secret} is not UTF-8 text."


def test_a_cloud_sets_its_three_addresses_and_a_written_one_wins(write: Write) -> None:
    """tenant-api.md 3.4."""
    loaded = load(write(MINIMAL + '[tenant]\ncloud = "usgov"\ngraph_base_url = "https://127.0.0.1:8443/v1.0/"\n'))
    tenant = loaded.settings.tenant
    assert (tenant.authority, tenant.graph_base_url, tenant.exchange_base_url) == (
        "https://login.microsoftonline.us",
        "https://127.0.0.1:8443/v1.0",
        "https://outlook.office365.us",
    )
    assert shown(loaded, "nexusops.toml", "tenant.authority") == ("https://login.microsoftonline.us", "tenant.cloud")


def test_an_authority_without_tls_is_refused(write: Write) -> None:
    main = MINIMAL + (
        '[tenant]\nkind = "microsoft365"\ntenant_id = "t"\nclient_id = "c"\n'
        'credential = "workload_identity"\nauthority = "http://127.0.0.1:1"\n'
    )
    assert "https" in str(refused(write(main)))


def test_the_guard_has_d28s_limit_and_takes_counts_percentages_and_units(write: Write) -> None:
    """D28, interface.md 4."""
    plain = load(write())
    assert (plain.guard.limits["Destructive"].count, plain.guard.limits["Destructive"].percent) == (50, 2.0)
    guard = (
        '[limits]\nDestructive = { count = 10, percent = "1.5 %" }\nDisableMailbox = 3\nDeleteMailbox = "2%"\n'
        '"unit:CHEM" = 5\n[roles]\nsecurity = ["alice"]\n[approval]\napprovers = 2\n'
    )
    limits = load(write(guard=guard)).guard.limits
    assert {name: (one.count, one.percent) for name, one in limits.items()} == {
        "Destructive": (10, 1.5),
        "TakenOver": (10, None),
        "DisableMailbox": (3, None),
        "DeleteMailbox": (None, 2.0),
        "unit:CHEM": (5, None),
    }
    assert load(write(guard=guard)).guard.security == ("alice",)
    assert load(write(guard=guard)).guard.approvers == 2


SERVICE = """service_name = "Admin Day"
unit_id = "FOOD"
requester = "food0007"
provider = "Admin Day Ltd"
oxford_domain_needed = true
direction = "send"
supports_exo = true
supports_ms_smtp = true
auth = "oauth2"
"""


def test_the_certificate_of_a_request_must_be_one(tmp_path: Path) -> None:
    """SAAS_FIELD: what only looks like one ended the run as a defect, or was set aside in each."""
    good = trustme.CA().issue_cert("app.example").cert_chain_pems[0].bytes().decode()
    (tmp_path / "adminday.toml").write_text(f'{SERVICE}certificate = "app.pem"\n', "utf-8")
    fake = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    for text in (good.replace("MII", "", 1), fake, good * 2):
        (tmp_path / "app.pem").write_text(text, "ascii")
        assert "one certificate and no private key" in load_services(tmp_path).faulty["adminday"].message
    (tmp_path / "app.pem").write_text(good, "ascii")
    assert load_services(tmp_path).good["adminday"].certificate == "".join(good.split("-----")[2].split())


def test_requests_that_differ_in_capitals_only_are_both_held_back(tmp_path: Path) -> None:
    """D29: Exchange would take both for one, and nobody knows which of them is meant."""
    for name in ("adminday", "AdminDay", "ADMINDAY", "other"):
        (tmp_path / f"{name}.toml").write_text(SERVICE, "utf-8")
    found = load_services(tmp_path)
    assert set(found.good) == {"other"}
    named = {name: error.message.rpartition("SAAS_FIELD: ")[2].split()[0] for name, error in found.faulty.items()}
    assert named == {"ADMINDAY": "AdminDay.toml", "AdminDay": "ADMINDAY.toml", "adminday": "ADMINDAY.toml"}
    assert service_path(tmp_path, "other").name == "other.toml"
    with pytest.raises(UsageError, match="differs from it in capitals only"):
        service_path(tmp_path, "Other")


def test_a_file_in_services_is_a_filed_request(write: Write) -> None:
    """rules.md 3.12: the file's stem is the request_id."""
    folder = write()
    (folder / "services").mkdir()
    (folder / "services" / "adminday.toml").write_text(SERVICE, "utf-8")
    (request,) = load(folder).services.values()
    assert (request.request_id, request.unit_id, request.owner_person_id) == ("adminday", "FOOD", None)


def test_names_in_dns_of_a_request_may_be_typed_with_capitals_and_a_last_dot(write: Write) -> None:
    folder = write()
    (folder / "services").mkdir()
    lines = 'provider_include = "SPF.AdminDay.example."\nbounce_mx = "MX.AdminDay.example."\n'
    (folder / "services" / "adminday.toml").write_text(f"{SERVICE}{lines}", "utf-8")
    (request,) = load(folder).services.values()
    assert (request.provider_include, request.bounce_mx) == ("spf.adminday.example", "mx.adminday.example")


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ('auth = "oauth2"', 'auth = "kerberos"', ("auth", "oauth2 | basic")),
        ("supports_exo = true", 'supports_exo = "yes"', ("supports_exo", "true or false")),
        ('unit_id = "FOOD"\n', "", ("SAAS_FIELD", "unit_id")),
        ("provider", "providr", ("providr", "provider")),
        (
            'auth = "oauth2"',
            'auth = "oauth2"\nprovider_include = "192.0.2.1/24"',
            ("provider_include", "a name in DNS"),
        ),
        ('auth = "oauth2"', 'auth = "oauth2"\nfrom_local = "no reply"', ("from_local", "before the @")),
        ('auth = "oauth2"', 'auth = "oauth2"\ndkim = ["s1"]', ("dkim", "a selector and")),
        ('auth = "oauth2"', 'auth = "oauth2"\ndkim = ["s1 a.example", "S1 b.example"]', ("dkim", "each selector once")),
        ('auth = "oauth2"', 'auth = "oauth2"\ndmarc = "none"', ("dmarc", "p=none")),
        ('auth = "oauth2"', 'auth = "oauth2"\ndaily_volume = -1', ("daily_volume", "not negative")),
        ('requester = "food0007"', 'requester = " "', ("requester", "a name")),
        ('provider = "Admin Day Ltd"', 'provider = ""', ("provider", "a name")),
        (
            'service_name = "Admin Day"',
            r'service_name = "Admin\u0000Day"',
            ("service_name", "without control characters"),
        ),
        ('provider = "Admin Day Ltd"', r'provider = "Admin\u202eyaD"', ("provider", "without control characters")),
        ('provider = "Admin Day Ltd"', r'provider = "Admin\u2028Day"', ("provider", "without control characters")),
        ('auth = "oauth2"', 'auth = "oauth2"\ndkim = ["s1 k=rsa; p=A\\n@ TXT x"]', ("dkim", "text in one line")),
    ],
)
def test_a_faulty_request_names_its_file_and_key(write: Write, old: str, new: str, parts: tuple[str, ...]) -> None:
    """rules.md 3.12: SAAS_FIELD; it holds back itself, and the folder can be used."""
    folder = write()
    (folder / "services").mkdir()
    (folder / "services" / "adminday.toml").write_text(SERVICE.replace(old, new), "utf-8")
    found = load(folder).requests
    assert not found.good
    assert all(part in str(found.faulty["adminday"]) for part in ("adminday.toml", *parts)), found.faulty


def test_the_text_that_a_run_keeps_tells_one_policy_from_another(write: Write) -> None:
    default = load(write()).text("policy.toml")
    assert load(write(policy="[missing_card]\nhold_days = 7\n")).text("policy.toml") == default
    assert load(write(policy="[missing_card]\nhold_days = 3\n")).text("policy.toml") != default


def test_a_password_for_the_mail_server_goes_over_tls_or_no_further_than_this_machine(write: Write) -> None:
    smtp = MINIMAL + '[notices]\nkind = "smtp"\nhost = "{}"\nusername = "n"\npassword = "env:NX"\nstarttls = false\n'
    assert load(write(smtp.format("127.0.0.1"))).settings.notices.starttls is False
    error = refused(write(smtp.format("smtp.ox.ac.uk")))
    assert "notices.starttls: expected true, since notices.password goes there, found false" in error.message
    assert (
        load(write(smtp.format("smtp.ox.ac.uk").replace('password = "env:NX"\n', ""))).settings.notices.starttls
        is False
    )


def test_a_file_with_a_secret_that_everybody_may_read_is_named(write: Write, tmp_path: Path) -> None:
    """What `doctor` tells."""
    outside = tmp_path / "outside"
    outside.mkdir()
    for name, mode in (("secret", 0o644), ("certificate", 0o604), ("tsig", 0o640)):
        (outside / name).write_text("a secret", "utf-8")
        (outside / name).chmod(mode)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "nexusops.toml").write_text(
        MICROSOFT
        + f'tenant_id = "t"\nclient_id = "c"\nsecret = "file:{outside / "secret"}"\n'
        + f'certificate_path = "{outside / "certificate"}"\n'
        + f'[notices]\npassword = "file:{outside / "gone"}"\n[dns]\ntsig_secret = "file:{outside / "tsig"}"\n',
        "utf-8",
    )
    assert load(tmp_path / "config").exposed == (outside / "secret", outside / "certificate")
