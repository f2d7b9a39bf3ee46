package desktop

import (
	"os"
	"path/filepath"
)

// Outbox is the folder where a person looks for a file that a program has made
// for them: that of downloads, or the desktop, else their own.
func Outbox() (string, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	for _, name := range []string{"Downloads", "Téléchargements", "Desktop", "Bureau"} {
		folder := filepath.Join(home, name)
		if info, err := os.Stat(folder); err == nil && info.IsDir() {
			return folder, nil
		}
	}
	return home, nil
}
