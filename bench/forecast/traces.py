#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the traffic that the forecast bench is judged on: 24 pools, 28 days, a value for each minute. Needs numpy.

    traces.py SEED FOLDER

writes three tables to FOLDER, a row for each minute and a column for each pool:

    usage.csv   what was asked for as a share of the limit: 1.0 = the limit. This alone is what a forecaster may see.
    mean.csv    the same without chance and without sudden bursts: what a clairvoyant would forecast
    burst.csv   the sudden bursts that are part of it

Each pool has the shape of its days (two office peaks, one broad hump, or evenings) with its own weekends, growth of 0, 0.5 or
1.5 % a day, a factor of 8 % by chance for each day, new levels that last days, batch jobs that ramp up over 20 to 60 minutes,
bursts that begin from one minute to the next, a slow wander (AR(1)), and requests that come singly with sizes that differ much.
The order of the draws is part of the format: a seed means one traffic.
"""
import pathlib
import sys

import numpy

POOLS, DAYS, MINUTES = 24, 28, 1440
LENGTH = DAYS * MINUTES
MINUTE = numpy.arange(LENGTH)
MINUTE_OF_DAY, DAY = MINUTE % MINUTES, MINUTE // MINUTES
WEEKEND = DAY % 7 >= 5

WEEKEND_FACTOR = (0.3, 0.5, 0.9)  # by the kind of day
GROWTH = (0, 0.005, 0.015)        # a day
REQUESTS_AT_LIMIT = 60            # a minute
SIZE_VARIANCE = numpy.exp(0.9 * 0.9) - 1  # of a lognormal size with mean 1 and sigma 0.9


def hump(centre, width):
    return numpy.exp(-0.5 * ((numpy.arange(MINUTES) / 60 - centre) / width) ** 2)


def shape_of_day(kind):
    """Its highest minute is 1."""
    shape = (0.12 + 0.9 * hump(10.5, 1.6) + 0.95 * hump(15.2, 1.9),
             0.2 + 0.8 * hump(14, 3.2),
             0.35 + 0.4 * hump(11, 2) + 0.5 * hump(20.5, 2))[kind]
    return shape / shape.max()


def usual_level(random, pool):
    kind = pool % 3
    shape = numpy.roll(shape_of_day(kind), random.integers(-120, 120))
    peak = random.uniform(0.62, 0.85)
    level = numpy.where(WEEKEND, WEEKEND_FACTOR[kind], 1.0) * shape[MINUTE_OF_DAY] * peak * (1 + GROWTH[(pool // 3) % 3] * DAY)
    return level * numpy.exp(0.08 * random.standard_normal(DAYS))[DAY]


def with_new_levels(random, level):
    """About every six days a deployment multiplies what is used, for half a day to three days."""
    for _ in range(random.poisson(DAYS / 6)):
        start = random.integers(2 * MINUTES, LENGTH - MINUTES)
        length = int(random.uniform(0.5, 3) * MINUTES)
        ramp = int(random.uniform(20, 90))
        factor = random.uniform(0.75, 1.35)
        weight = numpy.clip((MINUTE - start) / ramp, 0, 1) * (MINUTE < start + length)
        level = level * (1 + (factor - 1) * weight)
    return level


def batch_jobs(random):
    total = numpy.zeros(LENGTH)
    for _ in range(random.poisson(0.7 * DAYS)):
        start = random.integers(MINUTES, LENGTH - MINUTES)
        ramp, hold, height = random.uniform(20, 60), random.uniform(40, 180), random.uniform(0.15, 0.45)
        up = numpy.clip((MINUTE - start) / ramp, 0, 1)
        down = numpy.clip((start + ramp + hold - MINUTE) / 15, 0, 1)
        total += height * up * down * (MINUTE >= start)
    return total


def sudden_bursts(random):
    total = numpy.zeros(LENGTH)
    for _ in range(random.poisson(2 * DAYS)):
        start = random.integers(MINUTES, LENGTH - 60)
        length = random.integers(3, 20)
        total[start:start + length] += random.uniform(0.2, 0.7)
    return total


def wander(random):
    steps = random.standard_normal(LENGTH) * 0.03
    path = numpy.zeros(LENGTH)
    for minute in range(1, LENGTH):
        path[minute] = 0.97 * path[minute - 1] + steps[minute]
    return path


def sum_of_requests(random, mean):
    """A Poisson number of lognormal sizes; the sum is drawn from the gamma distribution with its mean and variance."""
    requests = random.poisson(numpy.maximum(mean, 1e-6) * REQUESTS_AT_LIMIT)
    total = numpy.zeros(LENGTH)
    some = requests > 0
    total[some] = random.gamma(requests[some] / SIZE_VARIANCE, SIZE_VARIANCE) / REQUESTS_AT_LIMIT
    return total


def main():
    seed, folder = int(sys.argv[1]), pathlib.Path(sys.argv[2])
    random = numpy.random.default_rng(seed)
    tables = {"usage": [], "mean": [], "burst": []}
    for pool in range(POOLS):
        level = with_new_levels(random, usual_level(random, pool))
        jobs = batch_jobs(random)
        bursts = sudden_bursts(random)
        level = level * numpy.exp(wander(random))
        tables["usage"].append(sum_of_requests(random, level + jobs + bursts))
        tables["mean"].append(level + jobs)
        tables["burst"].append(bursts)
    for name, columns in tables.items():
        numpy.savetxt(folder / f"{name}.csv", numpy.array(columns).T, delimiter=",", fmt="%.5f")


if __name__ == "__main__":
    main()
