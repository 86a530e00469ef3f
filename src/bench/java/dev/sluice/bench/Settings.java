package dev.sluice.bench;

import java.util.List;

/** What a run does, from system properties {@code bench.*}; the defaults are those of the published numbers. */
record Settings(
        String jar,
        List<String> jvm,
        boolean nginxOnly,
        int warmUpSeconds,
        int rounds,
        int plainSeconds,
        int callsPerSecond,
        int streamRounds,
        int streamSeconds,
        int streams,
        int intervalMillis,
        int openStreams,
        int openSeconds,
        int slowConnections,
        int slowSeconds) {

    static Settings read() {
        return new Settings(
                System.getProperty("bench.jar", "target/sluice.jar"),
                List.of(System.getProperty("bench.jvm", "-Xms64m -Xmx256m -XX:MaxDirectMemorySize=256m")
                        .strip()
                        .split("\\s+")),
                Boolean.getBoolean("bench.nginxOnly"),
                Integer.getInteger("bench.warmUpSeconds", 40),
                Integer.getInteger("bench.rounds", 5),
                Integer.getInteger("bench.plainSeconds", 5),
                // As fast as they are answered.
                Integer.getInteger("bench.callsPerSecond", 0),
                Integer.getInteger("bench.streamRounds", 5),
                Integer.getInteger("bench.streamSeconds", 12),
                Integer.getInteger("bench.streams", 250),
                Integer.getInteger("bench.intervalMillis", 50),
                Integer.getInteger("bench.openStreams", 2_000),
                Integer.getInteger("bench.openSeconds", 30),
                Integer.getInteger("bench.slowConnections", 1_000),
                Integer.getInteger("bench.slowSeconds", 20));
    }
}
