package desktop

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"
)

// TestMain is the child of the tests, too.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == supervisedRole {
		os.Exit(supervisedChild(os.Args[2:]))
	}
	switch os.Getenv("VITALIEN_TEST_CHILD") {
	case "well":
		fmt.Println("nothing to tell")
	case "word":
		fmt.Println("a_code\nand more")
		os.Exit(1)
	case "crash":
		panic("as a damaged file does")
	case "hang":
		time.Sleep(time.Hour) // a deadlock would be noticed, and end it
	default:
		os.Exit(m.Run())
	}
}

func TestChild(t *testing.T) {
	for mode, want := range map[string]struct {
		word string
		err  error
	}{"well": {}, "word": {word: "a_code"}, "crash": {err: ErrDied}} {
		t.Setenv("VITALIEN_TEST_CHILD", mode)
		if word, err := Child(t.Context(), time.Minute); word != want.word || !errors.Is(err, want.err) {
			t.Errorf("%s: %q, %v", mode, word, err)
		}
	}
}

func TestChild_IsEnded(t *testing.T) {
	t.Setenv("VITALIEN_TEST_CHILD", "hang")
	if _, err := Child(t.Context(), time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}
