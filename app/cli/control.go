package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"vitalien/fhirmap"
)

// The control socket is how a subcommand and a second start reach the program
// that runs: a Unix socket, on Windows a named pipe, one for each data folder,
// open to this user alone. One request and one reply, each a line of JSON.

const (
	controlTimeout = 10 * time.Second
	maxControl     = 64 << 10
)

// ErrNotRunning says that no program serves this data folder.
var ErrNotRunning = errors.New("no program runs on this data folder")

type controlRequest struct {
	Words []string `json:"words"`
}

type controlReply struct {
	Output string `json:"output"`
	Code   string `json:"code,omitempty"` // of the Fault; empty: done
	Error  string `json:"error,omitempty"`
	French string `json:"french,omitempty"`
	Wrong  bool   `json:"wrong,omitempty"`
}

// A Handler executes the words of a request and writes what it prints.
type Handler func(ctx context.Context, words []string, out io.Writer) error

// ServeControl answers on the control socket of folder until ctx ends. Whoever
// calls it holds the store of the folder, so a socket that is left over from a
// crash can be replaced.
func ServeControl(ctx context.Context, folder string, handle Handler) error {
	listener, err := listenControl(folder)
	if err != nil {
		return fmt.Errorf("control socket: %w", err)
	}
	defer context.AfterFunc(ctx, func() { listener.Close() })()
	defer listener.Close()
	var calls sync.WaitGroup
	defer calls.Wait()
	for {
		conn, err := listener.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("control socket: %w", err)
		}
		calls.Go(func() { answerControl(ctx, conn, handle) })
	}
}

func answerControl(ctx context.Context, conn net.Conn, handle Handler) {
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(controlTimeout))
	var request controlRequest
	var reply controlReply
	if err := json.NewDecoder(io.LimitReader(conn, maxControl)).Decode(&request); err != nil || len(request.Words) == 0 {
		return
	}
	var out bytes.Buffer
	if err := handle(ctx, request.Words, &out); err != nil {
		fault := fhirmap.FaultOf(err)
		_, isWrong := errors.AsType[WrongUse](err)
		reply = controlReply{Code: fault.Code, Error: err.Error(), French: fault.French, Wrong: isWrong}
	}
	reply.Output = out.String()
	json.NewEncoder(conn).Encode(reply)
}

// Call has the program that serves folder execute words, and writes what it
// prints to out. Without one the error is ErrNotRunning.
func Call(ctx context.Context, folder string, words []string, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, controlTimeout)
	defer cancel()
	conn, err := dialControl(ctx, folder)
	if err != nil {
		return fmt.Errorf("%w (%v)", ErrNotRunning, err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(controlTimeout))
	if err := json.NewEncoder(conn).Encode(controlRequest{words}); err != nil {
		return fmt.Errorf("asking the running program: %w", err)
	}
	var reply controlReply
	if err := json.NewDecoder(conn).Decode(&reply); err != nil {
		return fmt.Errorf("asking the running program: %w", err)
	}
	if _, err := io.WriteString(out, reply.Output); err != nil {
		return err
	}
	switch {
	case reply.Wrong:
		return WrongUse{errors.New(reply.Error)}
	case reply.Code != "":
		return &fhirmap.Fault{Code: reply.Code, English: reply.Error, French: reply.French}
	}
	return nil
}
