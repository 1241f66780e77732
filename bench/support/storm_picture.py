#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws docs/pictures/storm.svg: what a day of bursts looks like to the clients, without the gateway and with it.

    ninja -C build/release storm_bench
    python3 bench/support/storm_picture.py build/release/bench/storm/storm_bench docs/pictures/storm.svg
"""
import json
import subprocess
import sys

SEED = 1
WIDTH, LEFT, RIGHT, TOP, PANEL, GAP = 960, 64, 24, 34, 150, 56
PANELS = (("round_robin", "Three keys in turns", "#c0392b"), ("tidegate", "The same day through Tidegate", "#0b7a75"))
LOAD = "#d5dbe3"


def day(program, policy):
    done = subprocess.run([program, "day", policy, str(SEED)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def step_for(most):
    """A round distance of about a quarter of the axis."""
    for step in (1, 2, 5, 10, 20, 50, 100, 200, 250, 500, 1000, 2000):
        if most / step <= 5:
            return step
    return most


def panel(report, title, colour, top, most):
    refused, sent = report["client_429_of_minute"], report["requests_of_minute"]
    bottom = top + PANEL

    def x(minute):
        return LEFT + (WIDTH - LEFT - RIGHT) * minute / 1440

    def y(value):
        return bottom - PANEL * value / most
    total = sum(refused)
    seen = f"{total:,} answers of 429 to clients" if total else "not one 429 to a client"
    out = [f'<text x="{LEFT}" y="{top - 10}" font-weight="600">{title}: <tspan fill="{colour}">{seen}</tspan> in {sum(sent):,} requests</text>']
    step = step_for(most)
    for value in range(0, int(most) + 1, step):
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#eceff3"/>')
        out.append(f'<text x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end" fill="#667">{value}</text>')
    area = " ".join(f"{x(minute):.1f},{y(count):.1f}" for minute, count in enumerate(sent[:1440]))
    out.append(f'<polygon points="{x(0):.1f},{bottom} {area} {x(1439):.1f},{bottom}" fill="{LOAD}"/>')
    bars = "".join(f"M{x(minute):.1f} {bottom}V{y(count):.1f}" for minute, count in enumerate(refused[:1440]) if count)
    out.append(f'<path d="{bars}" stroke="{colour}" stroke-width="1.6" fill="none"/>' if bars else "")
    out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{bottom}" y2="{bottom}" stroke="{colour}" stroke-width="2"/>')
    for hour in range(0, 25, 4):
        out.append(f'<text x="{x(hour * 60):.1f}" y="{bottom + 18}" text-anchor="middle" fill="#667">{hour:02}:00</text>')
    return out


def main(program, target):
    reports = [day(program, policy) for policy, _, _ in PANELS]
    most = max(max(report["client_429_of_minute"] + report["requests_of_minute"]) for report in reports) * 1.02
    height = TOP + len(PANELS) * (PANEL + GAP) + 6
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="system-ui, sans-serif" font-size="13" fill="#223">',
           f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>']
    for index, ((_, title, colour), report) in enumerate(zip(PANELS, reports)):
        out += panel(report, title, colour, TOP + index * (PANEL + GAP), most)
    out.append(f'<text x="{LEFT}" y="{height - 10}" fill="#667">per minute of a simulated day; grey: requests, coloured: 429s that clients saw; no spare channel</text>')
    out.append("</svg>")
    with open(target, "w", encoding="utf-8") as file:
        file.write("\n".join(line for line in out if line) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
