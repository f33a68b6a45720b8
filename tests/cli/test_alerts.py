"""docs/alerts.yml in promtool, on metrics that real runs left: each alert fires when it must, and only then."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cli.conftest import CommandSite
from conftest import needs
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

RULES = Path(__file__).parents[2] / "docs" / "alerts.yml"
SAMPLE = re.compile(r"(nexusops_(\w+)\{.*\}) (\S+)")
FIRST = datetime(2025, 10, 1, 8, tzinfo=UTC)
SILENT: frozenset[str] = frozenset()


@pytest.fixture(autouse=True)
def _promtool() -> None:
    if shutil.which("promtool") is None:
        needs("promtool is not installed (Debian's prometheus)")


@pytest.fixture
def watched(begun: CommandSite) -> CommandSite:
    """The site after its first run, which leaves its metrics from now on."""
    set_to(begun, "[metrics]", f'[metrics]\ntextfile = "{begun.folder.parent / "metrics"}"')
    return begun


def set_to(site: CommandSite, old: str, new: str, file: str = "nexusops.toml") -> None:
    path = site.folder / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def left_by(site: CommandSite, *words: str | Path, code: int, at: datetime = FIRST) -> str:
    """The metrics that a command leaves which ends with this code."""
    said = site.type(*words, "--at", at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert said.code == code, said.out + said.err
    return (site.folder.parent / "metrics").read_text("utf-8")


def told_by(site: CommandSite, at: datetime) -> str:
    """What a collector that asks by itself is told."""
    return site.type("health", "--format", "prometheus", "--at", at.strftime("%Y-%m-%dT%H:%M:%SZ")).out


def fires(folder: Path, metrics: str, at: datetime, expected: Mapping[str, frozenset[str] | set[str]]) -> None:
    """``metrics`` stand from ``at`` on as they are; after each length of time exactly the alerts named fire.

    promtool's clock begins at zero, so instants are told from ``at``.
    """
    series = []
    for name, metric, value in SAMPLE.findall(metrics):
        told = float(value) - at.timestamp() if metric.endswith("timestamp_seconds") else float(value)
        series.append({"series": name, "values": f"{told:.15g}+0x1000"})
    tests = [
        {
            "expr": 'group by (alertname, severity) (ALERTS{alertstate="firing"})',
            "eval_time": after,
            "exp_samples": [
                {"labels": f'{{alertname="Nexusops{alert}", severity="{severity}"}}', "value": 1}
                for severity, alert in map(str.split, sorted(names))
            ],
        }
        for after, names in expected.items()
    ]
    document = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "5m",
        "tests": [{"interval": "5m", "input_series": series, "promql_expr_test": tests}],
    }
    path = folder / "alerts-test.yml"
    path.write_text(json.dumps(document), "utf-8")
    done = subprocess.run(["promtool", "test", "rules", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_accepts_the_rules() -> None:
    done = subprocess.run(["promtool", "check", "rules", RULES], capture_output=True, text=True, check=False)
    assert (done.returncode, "FAILED" in done.stderr) == (0, False), done.stdout + done.stderr


def test_a_good_run_is_silent_until_the_timer_has_stopped(watched: CommandSite, tmp_path: Path) -> None:
    """One missed hour is nobody's matter; three are, and four without new registration data."""
    metrics = left_by(watched, "run", "--snapshot", watched.day_one, code=0)
    stopped = {"2h55m": SILENT, "3h25m": {"page NoGoodRun"}, "4h25m": {"page NoGoodRun", "page OldSnapshot"}}
    fires(tmp_path, metrics, FIRST, stopped)


def test_no_metrics_at_all_is_no_silence(tmp_path: Path) -> None:
    fires(tmp_path, "", FIRST, {"25m": SILENT, "35m": {"page NoMetrics"}})


def test_a_site_without_a_good_run_is_told_of(site: CommandSite, tmp_path: Path) -> None:
    fires(tmp_path, told_by(site, FIRST), FIRST, {"2h55m": SILENT, "3h5m": {"ticket NoGoodRunYet"}})


def test_a_refused_snapshot_is_told_of_once_the_accepted_one_is_old(watched: CommandSite, tmp_path: Path) -> None:
    noon = FIRST + timedelta(hours=3)
    metrics = left_by(watched, "run", "--snapshot", watched.day_one, code=3, at=noon)
    fires(
        tmp_path,
        metrics,
        noon,
        {"5m": SILENT, "15m": {"page NoGoodRun"}, "1h25m": {"page NoGoodRun", "page OldSnapshot"}},
    )


def test_a_stopped_run_is_a_ticket_at_once(watched: CommandSite, tmp_path: Path) -> None:
    set_to(watched, "# Destructive = ", "Destructive = 0\n# ", "guard.toml")
    second = FIRST + timedelta(days=1)
    metrics = left_by(watched, "run", "--snapshot", watched.day_two, code=4, at=second)
    fires(
        tmp_path,
        metrics,
        second,
        {"0m": SILENT, "10m": {"ticket GuardStopped"} | {"page NoGoodRun", "page OldSnapshot"}},
    )


def test_a_run_that_leaves_changes_undone_is_a_ticket_after_three(watched: CommandSite, tmp_path: Path) -> None:
    """Nobody takes the notices of the day after the second."""
    left_by(watched, "run", "--snapshot", watched.day_two, code=0, at=FIRST + timedelta(days=1))
    set_to(watched, 'path = "notices"', f'path = "{watched.day_one / "persons.csv"}"')
    third = FIRST + timedelta(days=2)
    metrics = left_by(watched, "run", "--snapshot", of_day_three(watched, tmp_path), code=5, at=third)
    fires(tmp_path, hourly(metrics, third), third, {"2h55m": SILENT, "3h5m": {"ticket PartlyDone"}})


def test_a_tenant_that_refuses_is_told_of_and_so_is_a_certificate_that_ends(
    watched: CommandSite, tmp_path: Path
) -> None:
    ends = FIRST + timedelta(days=20)
    (tmp_path / "own.pem").write_bytes(certificate(ends))
    away = (
        'kind = "microsoft365"\ntenant_id = "00000000-0000-0000-0000-000000000000"\n'
        'client_id = "00000000-0000-0000-0000-000000000000"\nauthority = "https://127.0.0.1:9"\n'
        f'certificate_path = "{tmp_path / "own.pem"}"'
    )
    set_to(watched, 'kind = "embedded" ', f"{away} ")
    metrics = left_by(watched, "run", "--refresh", "full", "--snapshot", watched.day_one, code=8)
    expected = {
        "55m": SILENT,
        "1h5m": {"ticket CertificateEnds"},
        "2h5m": {"ticket CertificateEnds", "page TenantRefuses"},
    }
    fires(tmp_path, metrics, FIRST, expected)
    good = metrics.replace('exit_code{site="oxford-test"} 8', 'exit_code{site="oxford-test"} 0')
    long_before, just_before = ends - timedelta(days=31), ends - timedelta(days=2)
    fires(tmp_path, hourly(good, long_before), long_before, {"20h": SILENT, "26h": {"ticket CertificateEnds"}})
    both = {"ticket CertificateEnds", "page CertificateEnds"}
    fires(tmp_path, hourly(good, just_before), just_before, {"55m": SILENT, "2h": both})


def test_a_state_that_cannot_be_read_is_told_of(watched: CommandSite, tmp_path: Path) -> None:
    lose_the_state(watched)
    (watched.folder / "state" / "nexusops.db").write_bytes(b"this is no database")
    metrics = left_by(watched, "run", "--snapshot", watched.day_one, code=9)
    fires(tmp_path, metrics, FIRST, {"5m": SILENT, "15m": {"page StateUnreadable"}, "5h": {"page StateUnreadable"}})


def test_a_run_that_finds_the_state_held_hour_by_hour_is_a_ticket(watched: CommandSite, tmp_path: Path) -> None:
    with closing(sqlite3.connect(watched.folder / "state" / "nexusops.db")) as state, state:
        row = ("run", "x", "elsewhere", 1, "", "run", "2025-10-01T05:00:00Z", "2999-01-01T00:00:00Z")
        state.execute("INSERT INTO locks VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    metrics = left_by(watched, "run", "--snapshot", watched.day_one, code=9)
    fires(tmp_path, metrics, FIRST, {"1h25m": SILENT, "1h35m": {"ticket RunFails"}})
    defect = metrics.replace('exit_code{site="oxford-test"} 9', 'exit_code{site="oxford-test"} 1')
    fires(tmp_path, defect, FIRST, {"1h25m": SILENT, "1h35m": {"ticket RunFails"}})


def test_an_interrupted_run_that_nobody_finishes_is_a_ticket(watched: CommandSite, tmp_path: Path) -> None:
    """What is killed leaves no metrics: a collector of one's own sees it, or whatever acts next."""
    second = FIRST + timedelta(days=1)
    words = ["run", "--snapshot", str(watched.day_two), "--at", "2025-10-02T08:00:00Z"]
    killed = subprocess.run(
        [sys.executable, "-m", "nexusops", "--config", str(watched.folder), *words],
        env={**os.environ, "NEXUSOPS_KILL_AT": "3"},
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -9
    metrics = told_by(watched, second)
    fires(tmp_path, metrics, second, {"15m": {"page NoGoodRun"}, "1h35m": {"ticket Interrupted", "page NoGoodRun"}})


def test_ends_that_are_late_are_a_ticket_after_two_days(watched: CommandSite, tmp_path: Path) -> None:
    left_by(watched, "run", "--snapshot", watched.day_two, code=0, at=FIRST + timedelta(days=1))
    later = FIRST + timedelta(days=100)
    fires(tmp_path, hourly(told_by(watched, later), later), later, {"47h": SILENT, "49h": {"ticket Overdue"}})


def test_a_finding_that_wants_somebody_is_a_ticket_after_a_day(watched: CommandSite, tmp_path: Path) -> None:
    """A state that was lost and begun anew against advice (`NO_HISTORY`)."""
    lose_the_state(watched)
    stopped = watched.type("run", "--snapshot", watched.day_one, "--at", "2025-10-01T08:00:00Z")
    (accept,) = set(re.findall(r"TakenOver=\d+", stopped.out + stopped.err))
    words = ("run", "--snapshot", watched.day_one, "--accept", accept, "--reason", "a rehearsal")
    metrics = left_by(watched, *words, code=0)
    fires(tmp_path, hourly(metrics, FIRST), FIRST, {"23h": SILENT, "25h": {"ticket AlertFindings"}})


def test_a_run_of_tomorrow_is_told_of_today(watched: CommandSite, tmp_path: Path) -> None:
    """Until then every true snapshot is refused, and no other alert sees that the last run grows old."""
    left_by(watched, "run", "--snapshot", watched.day_two, code=0, at=FIRST + timedelta(days=1))
    refused = left_by(watched, "run", "--snapshot", watched.day_one, code=3)
    fires(tmp_path, refused, FIRST, {"5m": SILENT, "15m": {"page Clock"}})


def hourly(metrics: str, at: datetime) -> str:
    """As if runs went on after ``at`` and left the same in all else: no alert for want of runs or snapshots is due."""
    times = r"(nexusops_(?:last_run|last_good_run|snapshot)_timestamp_seconds\{.*\}) .*"
    kept = "".join(line for line in metrics.splitlines(True) if not re.match(times, line))
    return f'{kept}nexusops_last_good_run_timestamp_seconds{{site="oxford-test"}} {at.timestamp() + 86400 * 4:.15g}\n'


def of_day_three(site: CommandSite, folder: Path) -> Path:
    made = folder / "third"
    shutil.copytree(site.day_two, made)
    manifest = made / "manifest.json"
    document = json.loads(manifest.read_text("utf-8"))
    manifest.write_text(json.dumps({**document, "as_of": "2025-10-03T07:50:00Z"}), "utf-8")
    return made


def lose_the_state(site: CommandSite) -> None:
    for path in (site.folder / "state").glob("nexusops.db*"):
        path.unlink()


def certificate(ends: datetime) -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "nexusops")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(ends - timedelta(days=365))
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + made.public_bytes(serialization.Encoding.PEM)
