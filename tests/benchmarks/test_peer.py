from __future__ import annotations

from pathlib import Path

from benchmarks import peer
from integrations.settings import ROOT


def test_every_intent_runs_one_action() -> None:
    made = {rule["rule"]: rule["steps"][1]["action"] for rule in peer.rules(["ask_fee", "appeal_help", "greet"])}
    assert made == {
        "ask_fee": "action_answer_guide",
        "appeal_help": "action_appeal",
        "greet": "action_talk",
        "nlu_fallback": "action_talk",
    }


def test_the_table_has_every_cell_by_name_and_alias(tmp_path: Path) -> None:
    (tmp_path / "GA").mkdir()
    guide = "name: 居民身份证补领\naliases: [补身份证]\nsummary: 丢了补办\ncells:\n  fee: {text: 工本费四十元}\n"
    (tmp_path / "GA" / "GA003.yml").write_text(guide, encoding="utf-8")
    cells = {"overview": "丢了补办", "fee": "工本费四十元"}
    assert peer.table(tmp_path) == {"居民身份证补领": cells, "补身份证": cells}


def test_a_changed_example_asks_for_a_new_training(tmp_path: Path) -> None:
    (tmp_path / "nlu").mkdir()
    (tmp_path / "nlu" / "a.yml").write_text("nlu: []", encoding="utf-8")
    first = peer.assistant(tmp_path, Path("python"), tmp_path, 100)
    assert first == peer.assistant(tmp_path, Path("python"), tmp_path, 100)
    assert first.folder != peer.assistant(tmp_path, Path("python"), tmp_path, 5).folder
    (tmp_path / "nlu" / "a.yml").write_text("nlu: [1]", encoding="utf-8")
    assert first.folder != peer.assistant(tmp_path, Path("python"), tmp_path, 100).folder
    assert not first.model.exists()


def test_the_peer_is_the_usual_pipeline() -> None:
    pipeline = [part["name"] for part in peer._read(peer.USUAL / "config.yml")["pipeline"]]
    assert pipeline[0] == "JiebaTokenizer"
    assert pipeline.count("CountVectorsFeaturizer") == 2
    assert {"DIETClassifier", "FallbackClassifier"} <= set(pipeline)
    assert (ROOT / "bot" / "rasa" / "domain.yml").exists()


def test_the_last_trained_peer_is_found(tmp_path: Path) -> None:
    assert peer.last_trained(tmp_path, Path("python"), 100) is None
    for name in ("a-100", "b-5"):
        (tmp_path / "bench" / name / "models").mkdir(parents=True)
        (tmp_path / "bench" / name / "models" / "peer.tar.gz").touch()
    found = peer.last_trained(tmp_path, Path("python"), 100)
    assert found is not None
    assert found.folder == tmp_path / "bench" / "a-100"
