package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"vitalien/app/station"
)

// listExpired prints from which number to which the log is past its retention,
// how many messages that are, when the first came, and before when all did;
// nothing when nothing is.
func listExpired(ctx context.Context, s *station.Station, _ []string, out io.Writer) error {
	e, err := s.Expired(ctx)
	if err != nil || e.Entries == 0 {
		return err
	}
	row(out, strconv.FormatUint(e.First, 10), strconv.FormatUint(e.Last, 10), fmt.Sprint(e.Entries), stamp(e.Since), stamp(e.Until))
	return nil
}
