package dav_test

import (
	"testing"

	"crmbridge/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }
