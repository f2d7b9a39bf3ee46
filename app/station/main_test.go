package station

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if folder := os.Getenv(childVar); folder != "" {
		fmt.Fprintln(os.Stderr, "child:", recordAndRetain(folder))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}
