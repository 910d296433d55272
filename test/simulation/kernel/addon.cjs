// What DUGONG_ADDON names: the simulated kernel, which install.ts has made before.
module.exports = globalThis[Symbol.for('dugong.simulation.kernel')];
