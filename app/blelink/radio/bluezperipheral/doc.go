// Package bluezperipheral has BlueZ be a device: what a simulated one says goes
// over a real adapter, a real link and real encryption. Only tests import it.
package bluezperipheral
