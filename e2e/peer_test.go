//go:build e2e

package e2e

import (
	"testing"

	"crmbridge/e2e/peer"
	"crmbridge/e2e/vdirsyncer"
	"crmbridge/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

func TestPeerRadicaleVdirsyncer(t *testing.T) {
	t.Parallel()
	vdirsyncer.Check(t, peer.Radicale(t))
}

func TestPeerXandikosVdirsyncer(t *testing.T) {
	t.Parallel()
	vdirsyncer.Check(t, peer.Xandikos(t))
}
