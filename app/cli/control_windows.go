package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"os/user"
	"path/filepath"
	"strings"

	"github.com/Microsoft/go-winio"
)

// controlPipe is named after the data folder, which tells no one what it is.
func controlPipe(folder string) (string, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(strings.ToLower(folder)))
	return `\\.\pipe\vitalien-` + hex.EncodeToString(sum[:8]), nil
}

func listenControl(folder string) (net.Listener, error) {
	pipe, err := controlPipe(folder)
	if err != nil {
		return nil, err
	}
	me, err := user.Current()
	if err != nil {
		return nil, err
	}
	// Full access for this user, none for anybody else.
	return winio.ListenPipe(pipe, &winio.PipeConfig{SecurityDescriptor: "D:P(A;;GA;;;" + me.Uid + ")"})
}

func dialControl(ctx context.Context, folder string) (net.Conn, error) {
	pipe, err := controlPipe(folder)
	if err != nil {
		return nil, err
	}
	return winio.DialPipeContext(ctx, pipe)
}
