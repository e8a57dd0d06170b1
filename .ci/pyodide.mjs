// Runs pytest in Pyodide: node .ci/pyodide.mjs FOLDER [PYTEST ARGUMENT...]
// FOLDER holds Pyodide in node_modules/ and the Python packages in site/. The checkout is the current directory.
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, ...options] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(resolve(folder, "node_modules/pyodide/pyodide.mjs")));
const { CI = "", HYPOTHESIS_PROFILE = "" } = process.env;
const pyodide = await loadPyodide({
    env: { HOME: "/home/pyodide", PYTHONDONTWRITEBYTECODE: "1", OVERLAYCODEC_TEST_WHEEL: "1", CI, HYPOTHESIS_PROFILE },
});
pyodide.mountNodeFS("/site", resolve(folder, "site"));
pyodide.mountNodeFS("/checkout", process.cwd());
pyodide.globals.set("options", pyodide.toPy(options));
try {
    process.exitCode = pyodide.runPython(`
        import os, sys
        sys.path.insert(0, "/site")
        os.chdir("/checkout")
        import pytest
        int(pytest.main(options))
    `);
} catch (error) {
    // Without this, node prints Pyodide's whole source, which is one line.
    console.error(error.message);
    process.exitCode = 1;
}
