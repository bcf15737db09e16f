"""Memory over many reruns of the attack lab: another epsilon each time, as a slider gives them.

    python benchmarks/memory.py --reruns 200

Linux only: reads the resident set from /proc.
"""

import argparse
from pathlib import Path

from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parent.parent


def resident_megabytes() -> float:
    """Memory this process holds."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS in /proc/self/status")


def main() -> None:
    """Print the memory every twenty reruns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reruns", type=int, default=200)
    arguments = parser.parse_args()
    page = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60).run()
    page.switch_page("../pages/attack_lab.py").run()
    for index in range(arguments.reruns + 1):
        if index % 20 == 0:
            print(f"{index:4} reruns: {resident_megabytes():6.0f} MB", flush=True)
        slider = next(one for one in page.slider if one.label == "Epsilon")
        slider.set_value(round(0.05 + 0.01 * (index % 40), 4))
        page.query_params["index"] = str(index)
        page.run()
        if page.exception:
            raise RuntimeError(page.exception[0].value)


if __name__ == "__main__":
    main()
