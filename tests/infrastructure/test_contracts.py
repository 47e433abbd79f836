"""What the handlers ask for is what the templates give, in both directions."""

from __future__ import annotations

import importlib
from typing import NamedTuple

import pytest

from handlers.boundary import HandlerSettings
from stacks.function_table import FUNCTIONS
from stacks.pipeline import handler_of
from tests.infrastructure.templates import ROOT, synthesized
from tests.statemachine.definition import substitutions

MACHINES = ("deidentify.asl.json", "backfill.asl.json")


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_the_environment_is_exactly_the_settings_of_the_handler(name: str) -> None:
    module = importlib.import_module(f"handlers.{name}")
    settings: type[HandlerSettings] | type[NamedTuple] = module.Settings
    fields = settings.model_fields if issubclass(settings, HandlerSettings) else settings._fields
    asked = {f"DICOM_DEID_{field.upper()}" for field in fields}
    variables = synthesized().function(name)["Environment"]["Variables"]
    assert {key for key in variables if key.startswith("DICOM_DEID_")} == asked
    assert callable(module.handle)


def test_every_handler_with_settings_is_deployed() -> None:
    sources = (ROOT / "lambdas" / "handlers").glob("*.py")
    deployable = {path.stem for path in sources if "\nclass Settings(" in path.read_text()}
    assert deployable == set(FUNCTIONS)


@pytest.mark.parametrize("machine", MACHINES)
def test_every_state_has_its_lambda(machine: str) -> None:
    asked = {handler_of(name) for name in substitutions(machine)} - {None}
    assert asked
    assert asked <= set(FUNCTIONS)


def test_no_substitution_is_left_in_a_definition() -> None:
    definitions = synthesized().properties("AWS::StepFunctions::StateMachine")
    assert len(definitions) == 2
    for properties in definitions:
        assert "${" not in str(properties["DefinitionString"])


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_traces_and_logs_capture_no_values(name: str) -> None:
    variables = synthesized().function(name)["Environment"]["Variables"]
    assert variables["POWERTOOLS_TRACER_CAPTURE_RESPONSE"] == "false"
    assert variables["POWERTOOLS_TRACER_CAPTURE_ERROR"] == "false"
    assert variables["POWERTOOLS_LOGGER_LOG_EVENT"] == "false"
