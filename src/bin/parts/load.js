  // Reads a file into the buffer, from `start` on. A short read would leave a bundle that is not whole.
  function readInto(buffer, start, file, size) {
    var fd = fs.openSync(file, 'r');
    try {
      if (fs.readSync(fd, buffer, start, size, 0) !== size) throw new Error(file + ' has changed');
    } finally {
      fs.closeSync(fd);
    }
  }

  // Loads the bundle with the compiled code that install kept (src/bin/warm.ts), if this V8 made that code from this
  // file. Otherwise loads it as a module. Text and code take turns in one buffer: its memory is new to the process, and
  // each first use of a page costs 2 µs.
  function load(file) {
    var head = '(function (exports, require, module, __filename, __dirname) {';
    var tail = '\n})';
    var name = file.slice(0, -3) + process.versions.v8 + '.code';
    var code, stat, size, end, made, vm, module, text;
    try {
      stat = fs.statSync(file);
      size = fs.statSync(name).size;
      end = head.length + stat.size;
      code = Buffer.allocUnsafeSlow(Math.max(size, end + tail.length));
      code.write(head, 'latin1');
      readInto(code, head.length, file, stat.size);
      code.write(tail, end, 'latin1');
      text = code.latin1Slice(0, end + tail.length);
      readInto(code, 0, name, size);
      for (end = 0, made = ''; code[end] > 10; end++) made += String.fromCharCode(code[end]);
      if (made !== [stat.ino, stat.size, stat.mtimeMs].join(' ')) return require(file);
    } catch (_) {
      return require(file);
    }
    vm = require('vm');
    module = { exports: {} };
    new vm.Script(text, {
      filename: file, cachedData: code.subarray(end + 1, size)
    }).runInThisContext()(module.exports, require, module, file, path.dirname(file));
    return module.exports;
  }
