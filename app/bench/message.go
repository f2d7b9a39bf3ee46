package main

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

//go:embed peers
var peers embed.FS

// peer writes a script of the folder peers where node can run it.
func peer(folder, name string) (path string, err error) {
	script, err := peers.ReadFile("peers/" + name)
	if err != nil {
		return "", err
	}
	path = filepath.Join(folder, name)
	return path, os.WriteFile(path, script, 0o600)
}

var lastID atomic.Int64

// nextID is a message control id (MSH-10) that no other message of this run has.
func nextID() string { return strconv.FormatInt(lastID.Add(1), 36) }

// wardMessage is about 2 kB: 20 vitals of one bed.
func wardMessage() string { return header(nextID()) + vitals }

var vitals = func() string {
	kinds := []string{
		"8867-4^Heart rate^LN||72|/min", "9279-1^Respiratory rate^LN||16|/min",
		"59408-5^Oxygen saturation^LN||97|%", "8310-5^Body temperature^LN||37.2|Cel",
		"147842^MDC_ECG_HEART_RATE^MDC|1.1.1.147842|73|264864^MDC_DIM_BEAT_PER_MIN^MDC",
	}
	var b strings.Builder
	for i := range 20 {
		fmt.Fprintf(&b, "OBX|%d|NM|%s|50-120||||F|||2026112010%02d00+0100|||\r", i+1, kinds[i%len(kinds)], i)
	}
	return b.String()
}()

// spotCheck is one blood pressure.
func spotCheck(id string) string { return spotCheckOf(id, 128) }

func spotCheckOf(id string, systolic int) string {
	now := time.Now().Format("20060102150405-0700")
	obx := "OBX|%d|NM|%s||%d|mm[Hg]|||||F|||" + now + "\r"
	return header(id) + fmt.Sprintf(obx, 1, "8480-6^Systolic^LN", systolic) + fmt.Sprintf(obx, 2, "8462-4^Diastolic^LN", 82)
}

func header(id string) string {
	return `MSH|^~\&|MONITOR^0019FE^EUI-64|WARD|||20261120101500+0100||ORU^R01^ORU_R01|` + id + "|P|2.6|||NE|AL|FRA|UNICODE UTF-8\r" +
		"PID|||42^^^CLINIQUE^PI||Lefèvre^Éloïse||19800312|F\rPV1||I|Réa^^Lit 3\r" +
		"OBR|1|||182777000^monitoring of patient^SCT|||20261120101500+0100\r"
}
