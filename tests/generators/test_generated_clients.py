"""Clients that openapi-generator makes of the document compile and list products of a running service."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import ServerFactory, checked_for_leaks
from generators.tools import HERE, Unavailable, generator, need, npm_tools, run
from harness.world import World, build_world
from products import catalogue

PROGRAMS = HERE / "programs"
ONE_ARGUMENT = "--additional-properties=useSingleRequestParameter=true"


@pytest.fixture(scope="module")
def world(new_server: ServerFactory) -> Iterator[World]:
    """A service with products of every kind that a list can hold."""
    built = build_world(new_server())
    catalogue.create(built)
    catalogue.published(built, attributes={"colour": "red", "cells": 6, "layers": ["a", "b"], "tested": True})
    catalogue.create(built, access={"brand": "restricted"}, materials=[{"name": "Steel", "massFraction": 1}])
    yield from checked_for_leaks(built)


@pytest.fixture(scope="module")
def document(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("document") / "openapi.json"
    file.write_bytes(world.api.get("/openapi.json").expect(200).body)
    return file


def generate(document: Path, language: str, folder: Path, *options: str) -> None:
    command = ["java", "-jar", str(generator()), "generate", "-i", str(document), "-g", language, "-o", str(folder)]
    run([*command, "--global-property", "apiTests=false,modelTests=false,apiDocs=false,modelDocs=false", *options],
        document.parent)  # fmt: skip


def python(document: Path, folder: Path) -> list[str]:
    generate(document, "python", folder)
    environment = folder / "environment"
    run([sys.executable, "-m", "venv", str(environment)], folder)
    program = str(environment / "bin" / "python")
    run([program, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(folder)], folder)
    return [program, str(PROGRAMS / "list_products.py")]


def go(document: Path, folder: Path) -> list[str]:
    need("go")
    generate(document, "go", folder, "--package-name", "linkxg", "--git-user-id", "acme", "--git-repo-id", "linkxg")
    (folder / "list").mkdir()
    shutil.copy(PROGRAMS / "main.go", folder / "list")
    run(["go", "mod", "tidy"], folder)
    run(["go", "build", "-o", "list-products", "./list"], folder)
    return [str(folder / "list-products")]


def java(document: Path, folder: Path) -> list[str]:
    generate(document, "java", folder, ONE_ARGUMENT)
    shutil.copy(PROGRAMS / "ListProducts.java", folder / "src" / "main" / "java")
    classpath = folder / "classpath"
    run(["mvn", "-q", "-DskipTests", "compile", "dependency:build-classpath", f"-Dmdep.outputFile={classpath}"], folder)
    return ["java", "-cp", f"{folder / 'target' / 'classes'}:{classpath.read_text()}", "ListProducts"]


def typescript_axios(document: Path, folder: Path) -> list[str]:
    modules = npm_tools()
    generate(document, "typescript-axios", folder, ONE_ARGUMENT)
    (folder / "node_modules").symlink_to(modules)
    shutil.copy(PROGRAMS / "list_products.ts", folder)
    compiler = [str(modules / ".bin" / "tsc"), "--strict", "--target", "es2020", "--lib", "es2020,dom"]
    run([*compiler, "--module", "commonjs", "--moduleResolution", "node", "--skipLibCheck", "list_products.ts"], folder)
    return ["node", str(folder / "list_products.js")]


@pytest.mark.parametrize("build", [python, go, java, typescript_axios], ids=lambda build: build.__name__)
def test_a_generated_client_compiles_and_lists_products(
    world: World, document: Path, tmp_path: Path, build: Callable[[Path, Path], list[str]]
) -> None:
    folder = tmp_path / "client"
    try:
        generator()
        command = build(document, folder)
    except Unavailable as reason:
        pytest.skip(str(reason))
    printed = run(command, folder, API=world.server.url, TOKEN=world.token("products:read"))
    listed = world.api.get("/products?limit=200", bearer=world.owner.access).expect(200).data()
    assert json.loads(printed) == sorted(product["sku"] for product in listed)
    assert len(listed) == 3


def test_types_generated_by_openapi_typescript_compile(document: Path, tmp_path: Path) -> None:
    try:
        modules = npm_tools()
    except Unavailable as reason:
        pytest.skip(str(reason))
    types = tmp_path / "api.d.ts"
    run([str(modules / ".bin" / "openapi-typescript"), str(document), "-o", str(types)], tmp_path)
    run([str(modules / ".bin" / "tsc"), "--noEmit", "--strict", str(types)], tmp_path)


@pytest.mark.parametrize("linter", ["redocly", "spectral"])
def test_linters_find_nothing(document: Path, linter: str) -> None:
    try:
        modules = npm_tools()
    except Unavailable as reason:
        pytest.skip(str(reason))
    options = {
        "redocly": ["lint", "--config", str(HERE / "redocly.yaml"), "--format", "json"],
        "spectral": [
            "lint",
            "--ruleset",
            str(HERE / "spectral.yaml"),
            "--fail-severity",
            "hint",
            "--quiet",
            "--format",
            "json",
        ],
    }[linter]
    printed = run([str(modules / ".bin" / linter), *options, str(document)], document.parent)
    found = json.loads(printed)
    assert (found["problems"] if linter == "redocly" else found) == []
