// The flow as the command line finds it: the example's belt, and the warehouse that the environment names.
//   npm run plumbline -- run examples/quality-control/src/configured-flow.ts --sample scratch --key U-002
// Boundary: environment to parts; starts nothing, so that `plumbline graph` needs no warehouse. example.ts wires its own.
// Invariant: the camera is the simulated one, nothing else is.
import { simulatedCamera } from "./camera.ts";
import { conveyorUnits } from "./conveyor.ts";
import { qualityControlFlow } from "./flow.ts";

export const qualityControl = qualityControlFlow({
  camera: simulatedCamera(conveyorUnits()).take,
  warehouse: process.env["WAREHOUSE_URL"] ?? "http://127.0.0.1:4020",
});
