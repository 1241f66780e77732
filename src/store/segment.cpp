// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/segment.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace tidegate::store {

namespace {

constexpr std::string_view kMagic = "TIDEGJNL";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kPagePayload = kPageBytes - kCellBytes;

/// The head as it lies in the file.
struct HeadOnDisk {
  std::array<char, 8> magic;
  std::uint32_t version;
  std::uint32_t worker;
  std::int64_t created;
  std::uint64_t process;
  std::uint64_t number;
  std::uint64_t checksum;
};
static_assert(sizeof(HeadOnDisk) == 48);

std::uint64_t checksum_of(const HeadOnDisk& head) { return XXH3_64bits(&head, offsetof(HeadOnDisk, checksum)); }

HeadOnDisk to_disk(const SegmentHead& head) {
  HeadOnDisk disk{{}, kVersion, head.worker, head.created, head.process, head.number, 0};
  kMagic.copy(disk.magic.data(), kMagic.size());
  disk.checksum = checksum_of(disk);
  return disk;
}

tl::unexpected<Failure> io_failure(std::string_view what, const std::filesystem::path& path, int error) {
  const FailureKind kind = error == ENOSPC || error == EDQUOT || error == EFBIG  ? FailureKind::Exhausted
                           : error == EACCES || error == EPERM || error == EROFS ? FailureKind::Denied
                           : error == ENOENT                                     ? FailureKind::NotFound
                                                                                 : FailureKind::Io;
  const std::string_view advice = kind == FailureKind::Exhausted ? "; free disk space there"
                                  : kind == FailureKind::Denied  ? "; check that this user may write there"
                                                                 : "";
  return fail(kind, Origin::Store,
              fmt::format("journal: cannot {} {} ({}){}", what, path.string(), std::strerror(error), advice),
              Retry::Later);
}

/// Closes the file unless it was handed on.
class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] int get() const { return descriptor_; }
  int release() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
};

}  // namespace

Segment::Segment(std::filesystem::path path, int file, std::byte* data, std::size_t size, const SegmentHead& head)
    : path_(std::move(path)), file_(file), data_(data), size_(size), head_(head), position_(kPageBytes + kCellBytes) {}

Segment::~Segment() {
  ::munmap(data_, size_);
  ::close(file_);
}

Result<std::unique_ptr<Segment>> Segment::create(const std::filesystem::path& path, std::size_t bytes,
                                                 const SegmentHead& head) {
  const std::size_t size = std::max(bytes / kPageBytes, std::size_t{2}) * kPageBytes;
  File file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
  if (file.get() < 0) return io_failure("create", path, errno);
  // Space is reserved here, so that a full disk is an error now and not a SIGBUS in a worker later.
  const int error = ::posix_fallocate(file.get(), 0, static_cast<off_t>(size));
  if (error != 0) {
    ::unlink(path.c_str());
    return io_failure(fmt::format("reserve {} bytes for", size), path, error);
  }
  void* data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (data == MAP_FAILED) {
    ::unlink(path.c_str());
    return io_failure("map", path, errno);
  }
  const HeadOnDisk disk = to_disk(head);
  std::memcpy(data, &disk, sizeof disk);
  return std::unique_ptr<Segment>(new Segment(path, file.release(), static_cast<std::byte*>(data), size, head));
}

Result<std::unique_ptr<Segment>> Segment::open(const std::filesystem::path& path) {
  File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return io_failure("open", path, errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return io_failure("look at", path, errno);
  const std::size_t size = static_cast<std::size_t>(status.st_size) / kPageBytes * kPageBytes;
  if (size == 0) return fail(FailureKind::Corrupt, Origin::Store, fmt::format("journal: {} is empty", path.string()));
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.get(), 0);
  if (data == MAP_FAILED) return io_failure("map", path, errno);
  HeadOnDisk disk{};
  std::memcpy(&disk, data, sizeof disk);
  SegmentHead head{};
  if (disk.checksum == checksum_of(disk) && std::string_view(disk.magic.data(), disk.magic.size()) == kMagic) {
    head = SegmentHead{disk.worker, disk.created, disk.process, disk.number};
  }
  auto segment = std::unique_ptr<Segment>(new Segment(path, file.release(), static_cast<std::byte*>(data), size, head));
  if (std::string_view(disk.magic.data(), disk.magic.size()) == kMagic && disk.version != kVersion) {
    return fail(FailureKind::Unsupported, Origin::Store,
                fmt::format("journal: {} has format version {}, this program reads version {}; start the program that "
                            "wrote it once, or move the file away",
                            path.string(), disk.version, kVersion));
  }
  return segment;
}

std::byte* Segment::make_room(std::size_t bytes) {
  std::size_t position = position_.load(std::memory_order_relaxed);
  const std::size_t in_page = position % kPageBytes;
  if (in_page == 0 || in_page + bytes > kPageBytes) {
    const std::size_t page = in_page == 0 ? position : position - in_page + kPageBytes;
    if (page >= size_) return nullptr;
    if (in_page != 0) write_padding(data_ + position);
    position = page + kCellBytes;
  }
  if (position + bytes > size_) return nullptr;
  position_.store(position + bytes, std::memory_order_relaxed);
  return data_ + position;
}

std::size_t Segment::room() const {
  const std::size_t position = position_.load(std::memory_order_relaxed);
  const std::size_t pages = (size_ - position) / kPageBytes;
  // Of every page a record of the largest kind may be left unused at the end, and the touch cell at the start.
  return pages * (kPagePayload - kMaxBeginBytes + kCellBytes);
}

void Segment::touch_ahead(std::size_t bytes) {
  const std::size_t position = position_.load(std::memory_order_relaxed);
  const std::size_t end = std::min(size_, position + bytes);
  for (std::size_t page = position / kPageBytes * kPageBytes; page < end; page += kPageBytes) {
    std::atomic_ref(*reinterpret_cast<std::uint64_t*>(data_ + page + (page == 0 ? kPageBytes - 8 : 0)))
        .store(1, std::memory_order_relaxed);
  }
}

Result<void> Segment::sync() {
  if (::fdatasync(file_) != 0) return io_failure("sync", path_, errno);
  return {};
}

void Segment::unlink() { ::unlink(path_.c_str()); }

void SegmentCursor::look() {
  while (!current_ && offset_ < bytes_.size()) {
    if (offset_ % kPageBytes == 0) {
      offset_ += kCellBytes;
      continue;
    }
    const std::size_t page_end = (offset_ / kPageBytes + 1) * kPageBytes;
    const auto room = bytes_.subspan(offset_, page_end - offset_);
    const std::uint64_t commit = load_commit(room.data());
    if (commit == 0) {
      if (holes_ == Holes::Stop) break;
      offset_ += kCellBytes;
      continue;
    }
    current_ = read_record(commit, room);
    if (!current_) {
      ++damaged_;
      offset_ += kCellBytes;
    } else if (current_->kind == RecordKind::Padding) {
      current_.reset();
      offset_ = page_end;
    }
  }
}

void SegmentCursor::next() {
  offset_ += record_bytes(current_->payload.size());
  current_.reset();
}

}  // namespace tidegate::store
