"""Options that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path

from integrations.settings import ROOT


def data(command: argparse.ArgumentParser) -> None:
    """`--data DIR`."""
    command.add_argument("--data", type=Path, help="数据目录（默认 ./var）")


def city(command: argparse.ArgumentParser) -> None:
    """`--city NAME`, the name of a folder of nlu_data/city or a path."""
    command.add_argument("--city", type=_city_folder, help="城市包（nlu_data/city 下的目录名或路径）")


def batch(command: argparse.ArgumentParser) -> None:
    """`--batch IN --out OUT`."""
    command.add_argument("--batch", type=Path, metavar="IN", help="逐行 JSON 的输入文件")
    command.add_argument("--out", type=Path, metavar="OUT", help="逐行 JSON 的输出文件")


def check_batch(arguments: argparse.Namespace) -> None:
    """A batch needs both files; raises OSError with one clear line otherwise."""
    if arguments.out is None:
        raise OSError("--batch 需要 --out 指定输出文件")
    if not arguments.batch.is_file():
        raise OSError(f"找不到输入文件 {arguments.batch}")


def _city_folder(name: str) -> Path:
    for folder in (ROOT / "nlu_data" / "city" / name, Path(name)):
        if (folder / "city.yml").is_file():
            return folder
    raise argparse.ArgumentTypeError(f"没有城市包 {name}")
