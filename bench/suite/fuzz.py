# SPDX-License-Identifier: Apache-2.0
"""Every libFuzzer target of fuzz/ for ten minutes, from its seeds; anything that it finds fails."""
import re
import shutil
import subprocess
import time

from support.context import CannotRun

NAME = "fuzz"
ABOUT = "every libFuzzer target for ten minutes: findings"

SECONDS, QUICK_SECONDS = 600, 10
AT_ONCE = 2  # targets that run at a time


def targets(root):
    """(name, seeds) as fuzz/*.cmake and fuzz/CMakeLists.txt declare them."""
    text = "".join(path.read_text() for path in [root / "fuzz/CMakeLists.txt", *sorted((root / "fuzz").glob("*.cmake"))])
    return [(name, root / seeds) for name, seeds in re.findall(r"^tidegate_fuzz\((\w+) SOURCES \S+ CORPUS (\S+)", text, re.M)]


def start(build, folder, name, seeds, seconds):
    corpus, findings = folder / name / "corpus", folder / name / "findings"
    for made in (corpus, findings):
        made.mkdir(parents=True)
    command = [build / "fuzz" / name, f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1",
               f"-artifact_prefix={findings}/", corpus, seeds]
    log = (folder / name / "log").open("wb")
    return subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log), log


def finish(context, name, process, log, seconds):
    """(runs, findings); a finding is kept in build/fuzz/findings."""
    try:
        process.wait(seconds + 120)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    log.close()
    text = (context.folder / name / "log").read_text(errors="replace")
    found = list((context.folder / name / "findings").iterdir())
    kept = context.root / "build/fuzz/findings"
    for finding in found:
        kept.mkdir(parents=True, exist_ok=True)
        shutil.copy(finding, kept / f"{name}-{finding.name}")
        context.note(f"{name} found something: {kept / f'{name}-{finding.name}'}\n{text[-3000:]}")
    runs = re.search(r"stat::number_of_executed_units:\s*(\d+)", text)
    return int(runs[1]) if runs else 0, max(len(found), int(process.returncode != 0))


def run(context):
    context.tool("clang++-14")
    known = targets(context.root)
    if not known:
        raise CannotRun("fuzz/ declares no target")
    build = context.build(*[name for name, _ in known], preset="fuzz")
    seconds = QUICK_SECONDS if context.quick else SECONDS
    raw, waiting, running = {"seconds each": seconds}, list(known), []
    try:
        while waiting or running:
            while waiting and len(running) < AT_ONCE:
                name, seeds = waiting.pop(0)
                context.note(f"{name} for {seconds} s")
                running.append((name, *start(build, context.folder, name, seeds, seconds)))
            ended = next((entry for entry in running if entry[1].poll() is not None), None)
            if ended is None:
                time.sleep(0.5)
                continue
            running.remove(ended)
            runs, findings = finish(context, *ended, seconds)
            raw[ended[0]] = {"runs": runs, "findings": findings}
            context.level(f"findings of {ended[0]}", findings, "count", 0)
    finally:
        for _, process, _ in running:
            process.kill()
            process.wait()
    return raw
