package dev.sluice.database;

import dev.sluice.wire.CallId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.function.Supplier;

/** The folder of everything this node keeps for itself (0700): embedded database, usage journal, generated secrets (0600). */
public final class DataDirectory {
    private final Path path;

    /** @throws IllegalArgumentException when the folder can be neither found nor made, or not be written */
    public DataDirectory(Path path) {
        this.path = path.toAbsolutePath().normalize();
        try {
            if (Files.notExists(this.path)) {
                Files.createDirectories(this.path);
                Files.setPosixFilePermissions(this.path, PosixFilePermissions.fromString("rwx------"));
            }
        } catch (IOException | UnsupportedOperationException e) {
            throw new IllegalArgumentException(
                    "SLUICE_DATA_DIR: " + this.path + " cannot be made: " + e.getMessage(), e);
        }
        if (!Files.isDirectory(this.path) || !Files.isWritable(this.path)) {
            throw new IllegalArgumentException(
                    "SLUICE_DATA_DIR: " + this.path + " is no folder this user may write to");
        }
    }

    public Path path() {
        return path;
    }

    /** The name of this node among those that share a database: made once, and the same after every restart. */
    public String node() {
        return kept("node-id", () -> CallId.next(System.currentTimeMillis()));
    }

    boolean has(String name) {
        return Files.exists(path.resolve(name));
    }

    /** The text of a file of this folder, written now (0600, whole or not at all) when it is not there yet. */
    public String kept(String name, Supplier<String> made) {
        Path file = path.resolve(name);
        try {
            if (Files.notExists(file)) {
                write(name, made.get());
            }
            return Files.readString(file, StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot keep " + file, e);
        }
    }

    public void write(String name, String text) {
        Path file = path.resolve(name);
        Path draft = path.resolve(name + ".new");
        try {
            Files.deleteIfExists(draft);
            Files.createFile(draft, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(draft, text + "\n", StandardOpenOption.WRITE);
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file, e);
        }
    }
}
