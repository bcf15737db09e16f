"""The command line: ``python -m core``, with one command for each thing that takes long."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence

from core.evaluating import RUNS, add_arguments, evaluate, plain_parameters, say
from core.terminal import Bar
from core.types import LabError


def train(arguments: argparse.Namespace) -> int:
    """Train a shipped name, store it, and say what was measured."""
    from core.shipping import train_and_ship

    with Bar(f"{arguments.dataset} {arguments.name}") as on_step:
        row = train_and_ship(
            arguments.dataset,
            arguments.name,
            runs=RUNS,
            steps=arguments.steps,
            restart=arguments.restart,
            on_step=on_step,
        )
    print(f"{row.file}: {row.size / 1e6:.1f} MB")
    print(json.dumps(row.figures, indent=1))
    return 0


def break_defense(arguments: argparse.Namespace) -> int:
    """Attack a stored robustness figure for some minutes, and store what it missed."""
    from core.evaluation.breaking import Target, break_figure, parse_defense

    classifier, defense = parse_defense(arguments.defense, arguments.classifier)
    target = Target(
        dataset=arguments.dataset,
        classifier=classifier,
        defense=defense,
        norm=arguments.norm,
        epsilon=number(arguments.epsilon),
        n=arguments.n,
    )
    with Bar(f"break {arguments.defense}") as on_step:
        report = break_figure(
            target,
            minutes=arguments.minutes,
            cache=RUNS / "evaluation",
            on_step=on_step,
            on_notice=say,
        )
    before, after = report.before, report.after
    print(f"stood by the stored figure: {before.correct} of {before.n} ({before.value:.1%})")
    print(f"stands after {report.rounds} rounds: {after.correct} ({after.value:.1%})")
    for name, count in sorted(report.broken_by.items(), key=lambda one: -one[1]):
        print(f"  {count} fell to {name}")
    return 0


def number(text: str) -> float:
    """A number, or the quotient of two, such as 8/255.

    Raises:
        LabError: It is neither.
    """
    above, slash, below = text.partition("/")
    try:
        return float(above) / float(below) if slash else float(above)
    except (ValueError, ZeroDivisionError):
        raise LabError(f"expected a number such as 0.3 or 8/255, got {text!r}") from None


def data(arguments: argparse.Namespace) -> int:
    """List, check or fetch data sets."""
    from core.data import available_datasets, check_dataset, dataset_state, fetch_dataset

    if arguments.action == "fetch":
        for name in arguments.names:
            with Bar(f"fetch {name}") as on_step:
                fetch_dataset(name, on_step)
    broken = False
    for name in arguments.names or available_datasets():
        state = dataset_state(name)
        splits = ", ".join(f"{split} {n:,}" for split, n in state.readable.items()) or "nothing"
        print(f"{name:15} {splits}  [{state.source}]")
        problems = [state.problem] if state.problem else []
        if arguments.action == "check":
            problems += [p for p in check_dataset(name) if p not in problems]
        for problem in problems:
            broken = True
            print(f"{'':15} ! {problem}")
    return int(broken and arguments.action == "check")


def checkpoints(arguments: argparse.Namespace) -> int:
    """List or verify the checkpoints."""
    from core.checkpoints import checkpoint_rows, verify_checkpoint

    broken = 0
    rows = checkpoint_rows()
    for row in rows:
        problem = verify_checkpoint(row) if arguments.action == "verify" else None
        broken += problem is not None
        state = f"  ! {problem}" if problem else ("  ok" if arguments.action == "verify" else "")
        print(f"{row.dataset:15} {row.name:14} {row.size / 1e6:5.1f} MB  {row.sha256[:12]}{state}")
    if arguments.action == "measure":
        from core.measuring import measure_row

        for row in rows:
            print(row.name, json.dumps(measure_row(row).figures))
    print(f"{len(rows)} checkpoints, {broken} with a problem")
    return int(broken > 0)


def showcase(arguments: argparse.Namespace) -> int:
    """Make the finished triplets of the first screen."""
    from core.evaluation.showcase import make_showcase

    with Bar("showcase") as on_step:
        path = make_showcase(arguments.dataset, on_step=on_step)
    print(f"wrote {path}")
    return 0


def latent_lab(arguments: argparse.Namespace) -> int:
    """Compute and store what the latent lab's pages show at first."""
    from core.latent_lab import run

    for sentence in run(arguments, plain_parameters(arguments.set)):
        print(sentence)
    return 0


def selective(arguments: argparse.Namespace) -> int:
    """Measure a selective classifier: accuracy, error and rejection, clean and attacked."""
    from core.selective_lab import run

    for sentence in run(arguments):
        print(sentence)
    return 0


def benchmark(arguments: argparse.Namespace) -> int:
    """Run a benchmark of the folder benchmarks/ with its own options; without a name, list them."""
    import runpy

    folder = RUNS.parent / "benchmarks"
    known = sorted(file.stem for file in folder.glob("*.py"))
    if arguments.name is None:
        print("\n".join(known))
        return 0
    if arguments.name not in known:
        raise LabError(f"unknown benchmark {arguments.name!r}; choose from {', '.join(known)}")
    sys.argv = [arguments.name, *arguments.options]
    runpy.run_path(str(folder / f"{arguments.name}.py"), run_name="__main__")
    return 0


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    root = argparse.ArgumentParser(prog="python -m core", description=__doc__)
    root.add_argument("--device", help="cpu or cuda; else the environment's LQVAE_DEVICE")
    commands = root.add_subparsers(required=True, metavar="command")

    def command(name: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=run.__doc__, description=run.__doc__)
        added.add_argument("--device", default=argparse.SUPPRESS, help="cpu or cuda")
        added.set_defaults(run=run)
        return added

    one = command("train", train)
    one.add_argument("name", help="a shipped name, for example a, lq_vae, lq_vae_plus")
    one.add_argument("--dataset", default="mnist")
    one.add_argument("--steps", type=int, help="instead of the recipe's number")
    one.add_argument("--restart", action="store_true", help="do not resume an earlier run")

    add_arguments(command("evaluate", evaluate))

    one = command("break", break_defense)
    one.add_argument("defense", help="a defense, or a classifier trained on attacks, such as a_pgd")
    one.add_argument("--dataset", default="mnist")
    one.add_argument("--classifier", default="a")
    one.add_argument("--norm", default="linf", choices=("linf", "l2"))
    one.add_argument("--epsilon", required=True, help="the budget, for example 0.3 or 8/255")
    one.add_argument("--minutes", type=float, default=10.0)
    one.add_argument("--n", type=int, default=100, help="the first images of the test split")

    one = command("data", data)
    one.add_argument("action", nargs="?", default="list", choices=("list", "check", "fetch"))
    one.add_argument("names", nargs="*")

    one = command("checkpoints", checkpoints)
    one.add_argument("action", nargs="?", default="list", choices=("list", "verify", "measure"))

    one = command("benchmark", benchmark)
    one.add_argument("name", nargs="?")
    one.add_argument("options", nargs=argparse.REMAINDER)

    one = command("latent_lab", latent_lab)
    of_a_run = "attacked sweep importance flips"
    besides = "map sanity coarseness causes detection levels schedule"
    parts = ("all", *of_a_run.split(), *besides.split())
    one.add_argument("part", choices=parts, help=f"all: {of_a_run}")
    one.add_argument("--dataset", default="mnist")
    one.add_argument("--classifier", default="a")
    one.add_argument("--defense", default="lq_vae", help="one, or several with commas between")
    one.add_argument("--attack", default="cw")
    one.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="attack parameters")
    one.add_argument("--n", type=int, default=1000)

    one = command("selective", selective)
    subjects = "clean sweep iterative reclassified strangers curves "
    subjects += "joint second_look paper_joint fooling"
    one.add_argument("subject", choices=("all", *subjects.split()))
    one.add_argument("--dataset", default="mnist")
    one.add_argument("--name", default="gm_vae", help="one, or several with commas between")
    one.add_argument("--n", type=int, help="images; else as many as each subject takes")

    one = command("showcase", showcase)
    one.add_argument("--dataset", default="mnist")
    return root


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; a problem the user can mend is one sentence and exit status 2."""
    arguments = parser().parse_args(argv)
    if arguments.device:
        os.environ["LQVAE_DEVICE"] = arguments.device
    try:
        status: int = arguments.run(arguments)
    except (LabError, ValueError) as error:
        say(str(error))
        return 2
    except KeyboardInterrupt:
        say("stopped; the same command goes on from the last saved state")
        return 130
    return status


if __name__ == "__main__":
    sys.exit(main())
