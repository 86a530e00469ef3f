package dev.sluice.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A bare nginx proxy in front of the mock: one worker, connections kept on both sides, nothing buffered or logged. */
final class Nginx {
    private Nginx() {}

    static Program start(Path folder, int core, int port, int vendorPort) throws IOException {
        Path home = Files.createDirectories(folder.resolve("nginx"));
        Path configuration = home.resolve("nginx.conf");
        Files.writeString(
                configuration,
                """
                %s
                daemon off;
                worker_processes 1;
                worker_rlimit_nofile 20000;
                pid nginx.pid;
                error_log error.log;
                events { worker_connections 20000; }
                http {
                    access_log off;
                    client_body_temp_path body;
                    proxy_temp_path proxy;
                    fastcgi_temp_path fastcgi;
                    uwsgi_temp_path uwsgi;
                    scgi_temp_path scgi;
                    keepalive_timeout 3600s;
                    keepalive_requests 1000000000;
                    upstream vendor {
                        server 127.0.0.1:%d;
                        keepalive 4096;
                        keepalive_timeout 3600s;
                        keepalive_requests 1000000000;
                    }
                    server {
                        listen 127.0.0.1:%d backlog=4096;
                        location / {
                            proxy_pass http://vendor;
                            proxy_http_version 1.1;
                            proxy_set_header Connection "";
                            proxy_buffering off;
                            proxy_read_timeout 3600s;
                        }
                    }
                }
                """
                        .formatted(
                                System.getProperty("user.name").equals("root") ? "user root;" : "", vendorPort, port));
        return Program.start(
                core,
                home.resolve("out.log"),
                Map.of(),
                List.of("nginx", "-p", home + "/", "-e", "error.log", "-c", configuration.toString()));
    }
}
