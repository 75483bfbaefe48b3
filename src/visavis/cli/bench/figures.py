"""Figures: what was measured, its percentiles, and how they stand against the targets."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

Figure: TypeAlias = Literal["p50", "p95", "p99", "max"]

FIGURES: tuple[Figure, ...] = ("p50", "p95", "p99", "max")


@dataclass(frozen=True, slots=True)
class Target:
    """A bound for one figure of a measure."""

    figure: Figure
    bound: float
    """In the measure's unit."""
    at_least: bool = False
    """Whether more is better; else the figure should be at most the bound."""

    def met(self, value: float) -> bool:
        """Whether a figure is good enough."""
        return value >= self.bound if self.at_least else value <= self.bound


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that was measured, once or often."""

    name: str
    """Short and stable: scripts compare by it."""
    span: str
    """From which point to which, or how it is counted."""
    unit: str
    """ms, s, %, MiB, fps or packets."""
    values: Sequence[float] = field(repr=False)
    """At least one."""
    targets: Sequence[Target] = ()

    def figure(self, name: Figure) -> float:
        """One of the figures."""
        return max(self.values) if name == "max" else percentile(self.values, float(name[1:]))

    def plain(self) -> dict[str, Any]:
        """As values that JSON can carry."""
        return {
            "name": self.name,
            "span": self.span,
            "unit": self.unit,
            "n": len(self.values),
            **{name: round(self.figure(name), 3) for name in FIGURES},
            "targets": [
                {
                    "figure": target.figure,
                    "at_least" if target.at_least else "at_most": target.bound,
                    "met": target.met(self.figure(target.figure)),
                }
                for target in self.targets
            ],
        }


@dataclass(frozen=True, slots=True)
class Report:
    """What one run found out, and what it could not."""

    command: str
    machine: Mapping[str, Any]
    measures: Sequence[Measure]
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Names of measures that could not be taken → why."""

    def table(self) -> str:
        """For people: a Markdown table, so that it can go into a page as it is."""
        rows = [
            [
                measure.name,
                measure.span,
                str(len(measure.values)),
                *_cells(measure),
                measure.unit,
                "; ".join(_stands(measure, target) for target in measure.targets) or "–",
            ]
            for measure in self.measures
        ]
        lines = _aligned([["measure", "from → to", "n", "P50", "P95", "P99", "max", "", "target"], *rows])
        machine = ", ".join(f"{name} {value}" for name, value in self.machine.items() if value)
        missing = [f"left out: {name}: {reason}" for name, reason in self.left_out.items()]
        return "\n".join(
            [f"`visavis bench {self.command}`: {machine}", "", *lines, *([""] if missing else []), *missing]
        )

    def json(self) -> str:
        """For programs."""
        plain = {
            "command": self.command,
            "machine": dict(self.machine),
            "measures": [measure.plain() for measure in self.measures],
            "left_out": dict(self.left_out),
        }
        return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"

    def write(self, path: Path) -> None:
        """Write the JSON to a file."""
        path.write_text(self.json(), "utf-8")


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest of `values` that at least `percent` per cent of them do not exceed (nearest rank).

    It is always one of the values: from 20 values, P99 is the largest.
    """
    return sorted(values)[max(math.ceil(len(values) * percent / 100), 1) - 1]


def shown(value: float) -> str:
    """Three digits that matter, or all before the point."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _cells(measure: Measure) -> Iterable[str]:
    """The figures; of a single value there is only one."""
    if len(measure.values) == 1:
        return shown(measure.values[0]), "", "", ""
    return (shown(measure.figure(name)) for name in FIGURES)


def _stands(measure: Measure, target: Target) -> str:
    name = "" if len(measure.values) == 1 == len(measure.targets) else f"{target.figure.capitalize()} "
    verdict = "met" if target.met(measure.figure(target.figure)) else "**missed**"
    return f"{name}{'≥' if target.at_least else '≤'} {target.bound:g}: {verdict}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]
