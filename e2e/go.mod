module github.com/vaurien-proxy/vaurien/e2e

go 1.26
