# SPDX-License-Identifier: Apache-2.0
"""The forecast on synthetic traffic of 24 pools and 28 days, beside other methods and a clairvoyant; docs/forecast.md."""
import json
import pathlib
import subprocess
import sys

from support.context import CannotRun

NAME = "forecast"
ABOUT = "the forecast on synthetic traffic: errors, intervals, alarms, beside linear regression, Holt-Winters, a clairvoyant"

SEEDS, QUICK_SEEDS = (7, 8), (7,)
LINEAR = ("linear_30", "linear_60", "linear_120")
OURS = "usual"
# What a regression on the usual change and the pull back alone reaches on these traces, as studied before this was built.
TWO_REGRESSORS = {7: {15: 0.061, 30: 0.072}, 8: {15: 0.062, 30: 0.073}}


def python_with_numpy():
    """This interpreter, or Debian's, which has the package that tools/install_dependencies --bench installs."""
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            if subprocess.run([python, "-c", "import numpy"], capture_output=True, check=False).returncode == 0:
                return python
        except OSError:
            continue
    raise CannotRun("numpy is not installed; tools/install_dependencies --bench brings it")


def traces(context, python, seed):
    folder = context.folder / str(seed)
    folder.mkdir()
    made = subprocess.run([python, str(context.root / "bench/forecast/traces.py"), str(seed), str(folder)], capture_output=True, text=True,
                          timeout=600, check=False)
    if made.returncode != 0:
        raise CannotRun(f"traces.py {seed}: {made.stderr[-2000:]}")
    return folder


def reports_of(context, program, python, seed):
    context.note(f"seed {seed}")
    done = subprocess.run([str(program), str(traces(context, python, seed))], capture_output=True, text=True, timeout=1800, check=False)
    if done.returncode != 0:
        raise CannotRun(f"forecast_bench, seed {seed}: {done.stderr[-2000:]}")
    return {report["method"]: report for report in map(json.loads, done.stdout.splitlines())}


def judge(context, seed, reports):
    ours = reports[OURS]
    for horizon in (15, 30):
        best_line = min(reports[method][f"mean_error_{horizon}"] for method in LINEAR)
        context.level(f"seed {seed}: mean error, {horizon} min, over the best linear regression's", ours[f"mean_error_{horizon}"] / best_line,
                      "ratio", 0.999)
        if seed in TWO_REGRESSORS:
            context.level(f"seed {seed}: mean error, {horizon} min, beside usual change and pull alone", ours[f"mean_error_{horizon}"],
                          "of limit", TWO_REGRESSORS[seed][horizon])
    context.level(f"seed {seed}: mean error, 30 min", ours["mean_error_30"], "of limit", 0.080)
    context.level(f"seed {seed}: pinball loss of the .9 quantile, 30 min", ours["pinball_90"], "of limit", 0.023)
    for horizon in (5, 15, 30):
        context.level(f"seed {seed}: outcomes within the 80 % interval, {horizon} min", ours[f"coverage_{horizon}"], "share", 0.77, at_least=True)
        context.level(f"seed {seed}: outcomes within the 80 % interval, {horizon} min", ours[f"coverage_{horizon}"], "share", 0.83)
    warning = ours["alarm_at_0.1"]
    context.level(f"seed {seed}: alarms at P=10 % that were right", warning["precision"], "share", 0.35, at_least=True)
    context.level(f"seed {seed}: events without a burst told 10 min before, at P=10 %", warning["notice_10_no_burst"], "share", 0.75,
                  at_least=True)
    context.level(f"seed {seed}: probability said against share that came", ours["calibration_error"], "points/100", 0.02)


def run(context):
    python = python_with_numpy()
    program = pathlib.Path(context.build("forecast_bench")) / "bench/forecast/forecast_bench"
    raw = {}
    for seed in QUICK_SEEDS if context.quick else SEEDS:
        reports = reports_of(context, program, python, seed)
        judge(context, seed, reports)
        raw[f"seed {seed}"] = reports
    # CPU time, the least of the runs: what else the machine does only adds to it.
    context.level("CPU of one minute's update of 1,000 series", min(r[OURS]["update_ms_of_1000_series"] for r in raw.values()), "ms", 20)
    return raw
