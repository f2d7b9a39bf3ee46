package desktop

import "errors"

// ErrSessionEnd is why the program ends when what OnSessionEnd has promised
// happens.
var ErrSessionEnd = errors.New("the session ends")
