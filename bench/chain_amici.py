# The chain fit of bench/engine_bench by AMICI (simulation, forward sensitivities) and pyPESTO (multi-start, fides). Argument: a job file.
import json
import os
import sys
import tempfile
import time

import amici
import libsbml
import numpy as np

job = json.load(open(sys.argv[1]))
stages, rates = job["stages"], job["rates"]
per = stages // len(rates)
folder = tempfile.mkdtemp(prefix="hyped_amici_")


def sbml():
    document = libsbml.SBMLDocument(3, 1)
    model = document.createModel()
    model.setId("chain")
    box = model.createCompartment()
    box.setId("box"), box.setSize(1), box.setConstant(True), box.setSpatialDimensions(3.0)
    for name, value in rates.items():
        parameter = model.createParameter()
        parameter.setId(name), parameter.setValue(value), parameter.setConstant(True)
    for i in range(stages):
        species = model.createSpecies()
        species.setId(f"x{i}"), species.setCompartment("box"), species.setInitialConcentration(1.0 if i == 0 else 0.0)
        species.setHasOnlySubstanceUnits(False), species.setBoundaryCondition(False), species.setConstant(False)
    names = list(rates)
    for i in range(stages):
        reaction = model.createReaction()
        reaction.setId(f"leave{i}"), reaction.setReversible(False), reaction.setFast(False)
        source = reaction.createReactant()
        source.setSpecies(f"x{i}"), source.setConstant(True), source.setStoichiometry(1)
        target = reaction.createProduct()
        target.setSpecies(f"x{(i + 1) % stages}"), target.setConstant(True), target.setStoichiometry(2 if i == stages - 1 else 1)
        reaction.createKineticLaw().setMath(libsbml.parseL3Formula(f"{per}*{names[i // per]}*x{i}"))
    return libsbml.writeSBMLToString(document)


def observables():
    from amici.importers.sbml import MeasurementChannel
    return [MeasurementChannel(id_=f"y{k}", formula="+".join(f"x{i}" for i in range(k * per, (k + 1) * per)), sigma=job["sd"]) for k in range(len(rates))]


open(os.path.join(folder, "chain.xml"), "w").write(sbml())
from amici.importers.sbml import SbmlImporter

began = time.time()
SbmlImporter(os.path.join(folder, "chain.xml")).sbml2amici("chain", os.path.join(folder, "model"), observation_model=observables(), verbose=False)
module = amici.import_model_module("chain", os.path.join(folder, "model"))
compiled = time.time() - began

import amici.sim.sundials as sundials
import pypesto
import pypesto.optimize

model = module.get_model()
model.set_timepoints(job["times"])
model.set_parameter_scale(sundials.ParameterScaling.log10)
solver = model.create_solver()
solver.set_relative_tolerance(job["tolerance"]), solver.set_absolute_tolerance(job["tolerance"])
solver.set_sensitivity_method(sundials.SensitivityMethod.forward)
data = sundials.ExpData(model)
data.set_timepoints(job["times"])
data.set_measurements(np.array(job["data"]).ravel())
data.set_noise_scales(np.full(np.array(job["data"]).size, job["sd"]))


def cost(order):
    solver.set_sensitivity_order(order)
    least = 1e300
    for _ in range(5):
        before = time.process_time()
        for _ in range(3):
            result = sundials.run_simulation(model, solver, data)
        least = min(least, (time.process_time() - before) / 3)
    return least, result


model.set_free_parameters(list(np.log10(list(rates.values())))) if hasattr(model, "set_free_parameters") else model.set_parameters(list(np.log10(list(rates.values()))))
value, first = cost(sundials.SensitivityOrder.none)
gradient, second = cost(sundials.SensitivityOrder.first)
objective = pypesto.AmiciObjective(model, solver, [data], max_sensi_order=1)
problem = pypesto.Problem(objective, lb=job["lower"], ub=job["upper"], x_guesses=np.array(job["starts"]))
optimizer = pypesto.optimize.FidesOptimizer(verbose=0)
before = time.process_time()
result = pypesto.optimize.minimize(problem, optimizer, n_starts=len(job["starts"]), progress_bar=False, engine=pypesto.engine.SingleCoreEngine())
seconds = time.process_time() - before
best = result.optimize_result[0]
y = np.array(second.y)
print(json.dumps({"compile_seconds": compiled, "value_seconds": value, "gradient_seconds": gradient, "fit_seconds": seconds, "theta": list(best["x"]),
                  "squares": [float(r["fval"]) for r in result.optimize_result.list], "outputs": y.tolist(),
                  "gradient_evaluations": int(sum(r["n_grad"] for r in result.optimize_result.list)), "amici": amici.__version__, "pypesto": pypesto.__version__}))
