"""Every rule of declaring and wiring by its code, with its title: what ``explain`` and the documentation list."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

GROUPS: Mapping[str, Mapping[str, str]] = {
    "Signatures": {
        "async-step": "Steps and dags are ordinary functions, not `async def`",
        "batch-option": "A batch has a size, and waits for a duration",
        "batch-signature": "A batched body takes batches first and returns a batch; others handle single items",
        "default-type": "A default is a value of its port that can be written as JSON",
        "iterator-annotation": "A body that yields says Iterator[...], and only a return may",
        "missing-annotation": "Every parameter and field says its type",
        "missing-return": "Every step and dag says what it returns",
        "mutable-default": "A body leaves its defaults alone, which all calls share",
        "not-importable": "A step lies at the top level of its module, under its own name",
        "onnx-file": "A model file is where the step says, inside the project or an installed package",
        "onnx-port": "A model takes and gives arrays",
        "option-value": "Options make sense: sizes, durations, counts, devices",
        "several-outputs": "Several outputs are a NamedTuple, given on one by one, and not mapped",
        "step-target": "A decorator stands on a function written with def",
        "unknown-option": "Options are spelled as they are documented",
        "unresolved-name": "Annotations can be found where the module is imported",
        "variadic-parameter": "Every parameter has a name: no *args, no **kwargs",
    },
    "Types of ports": {
        "port-any": "A type says what travels: no Any, no object",
        "port-array": "An array says its layout",
        "port-axes": "Axes are one deep",
        "port-bytes": "Encoded media are handles, not bytes or paths",
        "port-foreign": "Types of other libraries are turned into arrays or models first",
        "port-json": "A value that is no medium has a JSON form",
        "port-layout": "A layout has a kind, named axes and an element type that agree",
        "port-list": "Many media are Many[...], not a list",
        "port-none": "A step returns something",
        "port-stream": "A generator is an ordinary one, and says so with Iterator[...]",
        "port-union": "A port has one type",
    },
    "Class steps": {
        "config-type": "Configuration is JSON",
        "config-value": "Configuration is given by name, complete, known before a run, and of its type",
        "secret-name": "A secret is named in code, and its value is elsewhere",
        "stateful-call": "A class step writes __call__, or batch where it handles batches, and returns its value",
        "stateful-init": "A class step has no constructor of its own",
        "stateful-setup": "setup takes nothing and is an ordinary method",
    },
    "Calls in a dag": {
        "constant-type": "A constant fits its port; media are no constants",
        "foreign-value": "A dag wires its own values only",
        "many-expected": "A port for many takes an axis",
        "many-needs-map": "Many values go to a port for one by .map",
        "map-needs-many": ".map goes over many values",
        "mapped-yield": "Axes are one deep: a mapped step makes one value of one",
        "missing-argument": "Every parameter without a default is given",
        "port-type": "A value is what its port declares",
        "traced-container": "Values of a dag are given one by one, not inside a list or dict",
        "unknown-argument": "Only parameters that exist are given, once, and as they may be",
    },
    "Branches and joins": {
        "axis-deep": "Axes are one deep, also in a dag that is mapped",
        "collect-stream": "collect takes what is made item by item",
        "field-unknown": "A projection names a field of the model",
        "join-axis": "Joins that wait take single values",
        "join-constant": "Joins take values of the dag",
        "join-count": "A join has something to choose from",
        "join-cycle": "A branch is chosen before its steps run",
        "join-type": "Values that are joined travel alike",
        "name-taken": "A node has a name of its own",
        "optional-value": "What may be missing goes to a port that says so",
        "switch-items": "A branch over items chooses by item, or gives an item in any case",
        "switch-key": "The cases of a switch are members of its Enum, each once",
        "switch-on": "A switch decides by a str Enum",
        "switch-open": "A switch is ended",
        "switch-total": "A switch has a value for everything that may come",
        "tolerant-map": "tolerant is for the items of a map",
        "when-condition": "when decides by a bool",
    },
    "Values while a dag is traced": {
        "traced-array": "A dag cannot give a value to numpy",
        "traced-attribute": "A dag cannot look into a value",
        "traced-await": "A dag waits for nothing",
        "traced-bool": "A dag cannot branch on a value",
        "traced-call": "A dag calls steps, not values or methods of steps",
        "traced-format": "A dag cannot make text of a value",
        "traced-index": "A dag cannot pick from a value",
        "traced-iteration": "A dag cannot loop over a value, take it apart or spread it over parameters",
        "traced-length": "A dag cannot count a value",
        "traced-operator": "A dag cannot compute with a value or compare it",
        "traced-test": "A dag cannot test a value with is, isinstance or match, or look it up in a dict or set",
        "traced-try": "A dag cannot catch what a step raises, or clean up after it",
        "traced-with": "A dag cannot put a step into a with block",
    },
    "A dag as a whole": {
        "dag-at-import": "A module calls no dag of its own while it is imported",
        "dag-body": "The body of a dag does not fail while it is traced",
        "dag-recursion": "A dag does not contain itself",
        "dag-return": "A dag returns values that its steps make",
        "dag-return-type": "A dag returns what it declares",
        "unused-input": "Every input of a dag is used",
        "unused-step": "The value of every step reaches an output",
    },
}
"""Codes with their titles, by what they are about."""

TITLES: Mapping[str, str] = MappingProxyType(
    {code: title for group in GROUPS.values() for code, title in group.items()}
)
