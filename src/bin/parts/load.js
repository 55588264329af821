  // Loads the bundle with the compiled code that install kept (src/bin/warm.ts), if this V8 made that code from this
  // file. Otherwise loads it as a module.
  function load(file) {
    var code, stat, end, made, vm, module, text;
    try {
      code = fs.readFileSync(file.slice(0, -3) + process.versions.v8 + '.code');
      stat = fs.statSync(file);
      for (end = 0, made = ''; code[end] > 10; end++) made += String.fromCharCode(code[end]);
      if (made !== [stat.ino, stat.size, stat.mtimeMs].join(' ')) return require(file);
    } catch (_) {
      return require(file);
    }
    vm = require('vm');
    module = { exports: {} };
    text = '(function (exports, require, module, __filename, __dirname) {' + fs.readFileSync(file, 'latin1') + '\n})';
    new vm.Script(text, {
      filename: file, cachedData: code.slice(end + 1)
    }).runInThisContext()(module.exports, require, module, file, path.dirname(file));
    return module.exports;
  }
